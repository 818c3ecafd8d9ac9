export type JsonBodyReading =
  | { readonly kind: 'object'; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: 'list'; readonly value: readonly unknown[] }
  | { readonly kind: 'null' }
  | { readonly kind: 'other' }

/** A request body of a management route; anything that is no object, list or null is `other`. */
export function parseJson(text: string | null): JsonBodyReading {
  if (text === null) return { kind: 'other' }
  try {
    const value: unknown = JSON.parse(text)
    if (value === null) return { kind: 'null' }
    if (Array.isArray(value)) return { kind: 'list', value }
    return typeof value === 'object'
      ? { kind: 'object', value: value as Record<string, unknown> }
      : { kind: 'other' }
  } catch {
    return { kind: 'other' }
  }
}
