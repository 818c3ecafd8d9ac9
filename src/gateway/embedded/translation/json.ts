import type { JsonBody } from './types.ts'

export const isObject = (value: unknown): value is JsonBody =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value when it is a list, else an empty one. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The objects of a list; everything else in it is left out. */
export const objectsOf = (value: unknown): readonly JsonBody[] => listOf(value).filter(isObject)

export const objectOf = (value: unknown): JsonBody => (isObject(value) ? value : {})

export const stringOf = (value: unknown): string => (typeof value === 'string' ? value : '')

export const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null)

/** The fields whose value is not undefined, in their order. */
export function present(fields: JsonBody): JsonBody {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** Parsed JSON when the text is an object, else null. */
export function parseObject(text: string): JsonBody | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}
