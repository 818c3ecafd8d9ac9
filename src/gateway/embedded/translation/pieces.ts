import { numberOf, objectOf } from './json.ts'
import type { JsonBody, TokenCounts, UpstreamFailure } from './types.ts'

/** Why the answer ended; `null` in an answer that did not say. */
export type Finish = 'stop' | 'length' | 'tool' | 'content-filter'

/** Counts of an upstream, in one vocabulary; `input` holds everything the prompt cost. */
export interface Usage extends TokenCounts {
  /** Claude only: tokens written to the cache, part of `input`. */
  readonly cacheCreated: number | null
}

/** An upstream's answer, piece by piece and free of its wire format. */
export type Piece =
  | { readonly kind: 'start'; readonly id: string; readonly model: string; readonly createdS: number | null }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reasoning'; readonly text: string }
  /** `index` ties a call's arguments to it; calls may be told in turns. */
  | { readonly kind: 'tool'; readonly index: number; readonly id: string; readonly name: string }
  | { readonly kind: 'arguments'; readonly index: number; readonly text: string }
  /** The upstream closed what it was saying: a text, a thought, a tool call. */
  | { readonly kind: 'block-end' }
  | { readonly kind: 'finish'; readonly finish: Finish; readonly native: string }
  | { readonly kind: 'usage'; readonly usage: Usage }
  /** The upstream sent `"usage": null`. */
  | { readonly kind: 'null-usage' }
  /** The upstream's own terminal marker. */
  | { readonly kind: 'end' }
  /** Claude's error event. */
  | { readonly kind: 'error-event'; readonly type: string; readonly message: string }
  /** An error that the gateway makes its own. */
  | { readonly kind: 'failure'; readonly failure: UpstreamFailure }

export interface SaidTool {
  readonly index: number
  readonly id: string
  readonly name: string
  arguments: string
}

/** A whole answer. */
export interface Said {
  id: string
  model: string
  createdS: number | null
  text: string
  reasoning: string
  tools: SaidTool[]
  finish: Finish | null
  native: string
  /** `null`: not said; `'null'`: said to be null. */
  usage: Usage | 'null' | null
}

/** Puts the pieces of an answer together. */
export function collect(pieces: Iterable<Piece>): Said {
  const said: Said = {
    id: '',
    model: '',
    createdS: null,
    text: '',
    reasoning: '',
    tools: [],
    finish: null,
    native: '',
    usage: null,
  }
  for (const piece of pieces) add(said, piece)
  return said
}

function add(said: Said, piece: Piece): void {
  switch (piece.kind) {
    case 'start':
      said.id = piece.id
      said.model = piece.model
      said.createdS = piece.createdS
      break
    case 'text':
      said.text += piece.text
      break
    case 'reasoning':
      said.reasoning += piece.text
      break
    case 'tool':
      said.tools.push({ index: piece.index, id: piece.id, name: piece.name, arguments: '' })
      break
    case 'arguments': {
      const tool = said.tools.find(({ index }) => index === piece.index)
      if (tool) tool.arguments += piece.text
      break
    }
    case 'finish':
      said.finish = piece.finish
      said.native = piece.native
      break
    case 'usage':
      said.usage = piece.usage
      break
    case 'null-usage':
      said.usage = 'null'
      break
    default:
  }
}

/** Chat vocabulary; anything that is no number is "not said". */
export function chatUsage(usage: JsonBody): Usage {
  return {
    input: numberOf(usage.prompt_tokens),
    output: numberOf(usage.completion_tokens) ?? numberOf(usage.output_tokens),
    total: numberOf(usage.total_tokens),
    cached: numberOf(objectOf(usage.prompt_tokens_details).cached_tokens),
    reasoning:
      numberOf(objectOf(usage.output_tokens_details).reasoning_tokens) ??
      numberOf(objectOf(usage.completion_tokens_details).reasoning_tokens),
    cacheCreated: null,
  }
}

/** Responses vocabulary. */
export function responsesUsage(usage: JsonBody): Usage {
  return {
    input: numberOf(usage.input_tokens),
    output: numberOf(usage.output_tokens),
    total: numberOf(usage.total_tokens),
    cached: numberOf(objectOf(usage.input_tokens_details).cached_tokens),
    reasoning: numberOf(objectOf(usage.output_tokens_details).reasoning_tokens),
    cacheCreated: null,
  }
}

/** Claude counts what was read from and written to the cache apart from the input (contract, HTTP 5). */
export function claudeUsage(usage: JsonBody): Usage {
  const fresh = numberOf(usage.input_tokens)
  const cached = numberOf(usage.cache_read_input_tokens)
  const cacheCreated = numberOf(usage.cache_creation_input_tokens)
  const output = numberOf(usage.output_tokens)
  const input =
    fresh === null && cached === null && cacheCreated === null
      ? null
      : (fresh ?? 0) + (cached ?? 0) + (cacheCreated ?? 0)
  const total = input === null && output === null ? null : (input ?? 0) + (output ?? 0)
  return { input, output, total, cached, reasoning: null, cacheCreated }
}
