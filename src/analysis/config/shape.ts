import type { Flavour } from './flavour.ts'

/** What the gateway decodes a value into; decides which YAML values it accepts there (see decode.ts). */
export type Shape =
  | { readonly kind: 'text' | 'bool' | 'int' | 'port' | 'duration' | 'any' | 'image-generation' | 'plugin' }
  | { readonly kind: 'map'; readonly keys: Keys }
  | { readonly kind: 'list'; readonly of: Shape }
  /** A map whose keys are the operator's own: header names, channels. */
  | { readonly kind: 'dict'; readonly of: Shape }

export interface Field {
  readonly shape: Shape
  /** The gateways that know the key; the others ignore it, whatever its value. Absent: all. */
  readonly in?: readonly Flavour[]
  /** First upstream release that knows the key (contract, files 1.10). Absent: as old as any release in use. */
  readonly since?: string
}

export type Keys = Readonly<Record<string, Field>>

export const TEXT = { kind: 'text' } as const
const BOOL = { kind: 'bool' } as const
const INT = { kind: 'int' } as const
export const DURATION = { kind: 'duration' } as const
export const ANY = { kind: 'any' } as const

export const text: Field = { shape: TEXT }
export const bool: Field = { shape: BOOL }
export const int: Field = { shape: INT }

export function listOf(of: Shape): Field {
  return { shape: { kind: 'list', of } }
}

export function dictOf(of: Shape): Field {
  return { shape: { kind: 'dict', of } }
}

export function mapOf(keys: Keys): Field {
  return { shape: { kind: 'map', keys } }
}

/** The field as only some gateways know it. */
export function only(flavours: readonly Flavour[], field: Field): Field {
  return { ...field, in: flavours }
}

export function since(version: string, field: Field): Field {
  return { ...field, since: version }
}

export function knows(flavour: Flavour, field: Field | undefined): field is Field {
  return field !== undefined && (field.in === undefined || field.in.includes(flavour))
}
