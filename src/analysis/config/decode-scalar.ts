import type { Decoded } from './decoded.ts'
import { isDuration } from './go-duration.ts'
import type { GoScalar } from './go-scalar.ts'
import type { Shape } from './shape.ts'

/** What a scalar is called in a message. */
export const SEEN: Readonly<Record<GoScalar['kind'], string>> = {
  null: 'empty',
  bool: 'true or false',
  int: 'a whole number',
  float: 'a number with a fraction',
  time: 'a date',
  text: 'text',
  misfit: 'text',
}

/** What each shape wants, and an example of it. */
export const WANTED: Readonly<Record<Shape['kind'], readonly [wanted: string, example: string]>> = {
  text: ['text', 'one value, in quotes if in doubt'],
  bool: ['true or false', 'true or false without quotes'],
  int: ['a whole number', 'a whole number without quotes'],
  port: ['a port number', 'a whole number from 0 to 65535 without quotes'],
  duration: ['a duration', 'a duration such as 5s or 250ms'],
  any: ['any value', 'any value'],
  plugin: ['a map', 'an indented block of `key: value` lines'],
  'image-generation': ['true, false, chat or passthrough', 'true, false, "chat" or "passthrough"'],
  map: ['a map', 'an indented block of `key: value` lines'],
  dict: ['a map', 'an indented block of `key: value` lines'],
  list: ['a list', 'one `- ` item per line, or [a, b]'],
}

/** YAML 1.1 words that a true-or-false field accepts although they are text (yaml.v3, decode.go). */
const YES = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'])
const NO = new Set(['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF'])

/** What a scalar field makes of a scalar; `undefined` is a type error. */
export const SCALARS: Readonly<
  Partial<Record<Shape['kind'], (scalar: GoScalar, text: string) => Decoded | undefined>>
> = {
  text: (_scalar, text) => text,
  any: (scalar, text) => (scalar.kind === 'text' ? text : null),
  plugin: () => null,
  bool: (scalar) => {
    if (scalar.kind === 'bool') return scalar.value
    if (scalar.kind !== 'text') return undefined
    return YES.has(scalar.text) ? true : NO.has(scalar.text) ? false : undefined
  },
  int: wholeNumber,
  port: (scalar) => {
    const value = wholeNumber(scalar)
    return value !== undefined && value >= 0 && value <= 65_535 ? value : undefined
  },
  duration: (scalar) => (scalar.kind === 'text' && isDuration(scalar.text) ? scalar.text : undefined),
  'image-generation': (scalar, text) =>
    scalar.kind === 'bool' ? String(scalar.value) : imageGeneration(text),
}

/** Fractions are cut off, as in the gateway. */
function wholeNumber(scalar: GoScalar): number | undefined {
  if (scalar.kind !== 'int' && scalar.kind !== 'float') return undefined
  return Number.isFinite(scalar.value) && Math.abs(scalar.value) < 2 ** 63
    ? Math.trunc(scalar.value)
    : undefined
}

const IMAGE_GENERATION: Readonly<Record<string, string>> = {
  '': 'false',
  false: 'false',
  '0': 'false',
  off: 'false',
  no: 'false',
  true: 'true',
  '1': 'true',
  on: 'true',
  yes: 'true',
  chat: 'chat',
  passthrough: 'passthrough',
}

function imageGeneration(text: string): string | undefined {
  const word = text.trim().toLowerCase()
  return Object.hasOwn(IMAGE_GENERATION, word) ? IMAGE_GENERATION[word] : undefined
}
