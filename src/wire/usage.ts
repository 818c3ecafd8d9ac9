import { type Fields, fieldsOf, isFields, numberOf } from './fields.ts'

/**
 * One token count as a gateway stated it. Missing, null and zero are three different things, and none of them stands
 * for another. `invalid` is a value that cannot be a number of tokens, shown as JSON.
 */
export type TokenCount =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'null' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'invalid'; readonly seen: string }

/**
 * Which pair of names the counts had: `input_tokens` and `output_tokens` (Responses, Claude) or `prompt_tokens` and
 * `completion_tokens` (chat). `mixed` when both pairs occurred, `none` when there was nothing to name.
 */
export type UsageVocabulary = 'input-output' | 'prompt-completion' | 'mixed' | 'none'

export interface Usage {
  readonly vocabulary: UsageVocabulary
  readonly input: TokenCount
  readonly output: TokenCount
  /** As stated; never computed. Claude usage has none. */
  readonly total: TokenCount
  /** Prompt tokens read from a cache: part of `input` in the OpenAI shapes, beside it in the Claude shape. */
  readonly cached: TokenCount
  /** Prompt tokens written to a cache. */
  readonly cacheCreation: TokenCount
  /** Part of `output`, except in answers from Gemini, where only `total` holds them (contract, HTTP 5). */
  readonly reasoning: TokenCount
}

const MISSING: TokenCount = { kind: 'missing' }

export const NO_USAGE: Usage = {
  vocabulary: 'none',
  input: MISSING,
  output: MISSING,
  total: MISSING,
  cached: MISSING,
  cacheCreation: MISSING,
  reasoning: MISSING,
}

/** `"usage": null`, which chunks before the last one often carry. */
const NULL_USAGE = everyCount({ kind: 'null' })

type CountName = Exclude<keyof Usage, 'vocabulary'>

/** Where each count may stand, in the order in which the places are tried (contract, HTTP 4.3, 5 and 6). */
const PLACES = {
  input: ['input_tokens', 'prompt_tokens'],
  output: ['output_tokens', 'completion_tokens'],
  total: ['total_tokens'],
  cached: [
    'input_tokens_details.cached_tokens',
    'prompt_tokens_details.cached_tokens',
    'cache_read_input_tokens',
  ],
  cacheCreation: ['prompt_tokens_details.cached_creation_tokens', 'cache_creation_input_tokens'],
  reasoning: ['output_tokens_details.reasoning_tokens', 'completion_tokens_details.reasoning_tokens'],
} as const satisfies Record<CountName, readonly string[]>

const COUNT_NAMES = Object.keys(PLACES) as readonly CountName[]

/**
 * The usage that a body or one stream event carries: `.response.usage`, else `.usage`, else `.message.usage` (contract,
 * HTTP 4.3). `null` in all places that exist makes every count `null`; no place at all is `NO_USAGE`.
 */
export function findUsage(payload: unknown): Usage {
  const fields = fieldsOf(payload)
  const found = [fields.response, fields, fields.message]
    .map((holder) => fieldsOf(holder).usage)
    .filter((usage) => usage !== undefined)
  if (found.length === 0) return NO_USAGE
  return readUsage(found.find((usage) => usage !== null) ?? null)
}

/** Reads one usage object. Numbers sent as text are numbers. */
export function readUsage(usage: unknown): Usage {
  if (usage === null) return NULL_USAGE
  if (!isFields(usage)) return everyCount(readCount(usage))
  return {
    vocabulary: vocabularyOf(usage),
    input: countAt(usage, 'input'),
    output: countAt(usage, 'output'),
    total: countAt(usage, 'total'),
    cached: countAt(usage, 'cached'),
    cacheCreation: countAt(usage, 'cacheCreation'),
    reasoning: countAt(usage, 'reasoning'),
  }
}

/**
 * Joins what two events of one stream said: count by count, the later one wins unless it said nothing (last non-null,
 * contract, HTTP 14.10). A usage that is null as a whole says nothing about single counts once another one is there.
 */
export function mergeUsage(earlier: Usage, later: Usage): Usage {
  if (later === NO_USAGE || earlier === later) return earlier
  if (earlier === NO_USAGE || earlier === NULL_USAGE) return later
  if (later === NULL_USAGE) return earlier
  return {
    vocabulary: mergeVocabulary(earlier.vocabulary, later.vocabulary),
    input: lastStated(earlier.input, later.input),
    output: lastStated(earlier.output, later.output),
    total: lastStated(earlier.total, later.total),
    cached: lastStated(earlier.cached, later.cached),
    cacheCreation: lastStated(earlier.cacheCreation, later.cacheCreation),
    reasoning: lastStated(earlier.reasoning, later.reasoning),
  }
}

/** The number, or null when the gateway stated none. */
export function stated(count: TokenCount): number | null {
  return count.kind === 'number' ? count.value : null
}

/** Whether any count is more than zero: the one proof that somebody counted. */
export function countsSomething(usage: Usage): boolean {
  return COUNT_NAMES.some((name) => (stated(usage[name]) ?? 0) > 0)
}

function everyCount(count: TokenCount): Usage {
  return { ...NO_USAGE, input: count, output: count, total: count }
}

function countAt(usage: Fields, name: CountName): TokenCount {
  let count = MISSING
  for (const place of PLACES[name]) count = firstStated(count, readCount(valueAt(usage, place)))
  return count
}

function valueAt(usage: Fields, place: string): unknown {
  const [first = '', second] = place.split('.')
  return second === undefined ? usage[first] : fieldsOf(usage[first])[second]
}

function readCount(value: unknown): TokenCount {
  if (value === undefined) return MISSING
  if (value === null) return { kind: 'null' }
  const number = numberOf(value)
  if (number !== null && Number.isSafeInteger(number) && number >= 0) return { kind: 'number', value: number }
  return { kind: 'invalid', seen: JSON.stringify(value).slice(0, 80) }
}

function firstStated(first: TokenCount, second: TokenCount): TokenCount {
  return lastStated(second, first)
}

function lastStated(earlier: TokenCount, later: TokenCount): TokenCount {
  if (later.kind === 'missing') return earlier
  if (later.kind === 'null') return earlier.kind === 'missing' ? later : earlier
  return later
}

function vocabularyOf(usage: Fields): UsageVocabulary {
  const inputOutput = 'input_tokens' in usage || 'output_tokens' in usage
  const promptCompletion = 'prompt_tokens' in usage || 'completion_tokens' in usage
  if (inputOutput) return promptCompletion ? 'mixed' : 'input-output'
  return promptCompletion ? 'prompt-completion' : 'none'
}

function mergeVocabulary(earlier: UsageVocabulary, later: UsageVocabulary): UsageVocabulary {
  if (earlier === 'none' || earlier === later) return later
  return later === 'none' ? earlier : 'mixed'
}
