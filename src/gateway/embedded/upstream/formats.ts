import type { Reply, Usage } from './reply.ts'

/** One reply in one wire format. */
export interface Format {
  plain(reply: Reply): unknown
  stream(reply: Reply, options: StreamOptions): StreamScript
}

export interface StreamOptions {
  /** Chat only: `stream_options.include_usage`. */
  readonly withUsage: boolean
  readonly withDone: boolean
}

/** A whole event stream, cut into frames, with the places where faults set in. */
export interface StreamScript {
  readonly frames: readonly string[]
  /** Frames up to and including the first piece of the answer. */
  readonly middle: number
  /** Frames before the one that ends the answer. */
  readonly terminal: number
  /** The marker that follows everything, `''` where the format has none. */
  readonly marker: string
  /** Stands in for the rest after `middle`, when the upstream fails inside its 200. */
  errorFrame(reason: StreamErrorReason): string
}

export type StreamErrorReason = 'overloaded' | 'usage-limit'

export const STREAM_ERROR_MESSAGES = {
  overloaded: 'The server is overloaded',
  'usage-limit': 'The usage limit has been reached',
} as const satisfies Record<StreamErrorReason, string>

/** A text in two deltas, or one when it is too short for that. */
export function pieces(text: string): string[] {
  if (text === '') return []
  const half = Math.ceil(text.length / 2)
  return text.length < 2 ? [text] : [text.slice(0, half), text.slice(half)]
}

/** `fields` holds the usage unless the upstream leaves it out or sends null. */
export function usageField(usage: Reply['usage'], format: (counts: Usage) => unknown): { usage?: unknown } {
  if (usage === 'missing') return {}
  return { usage: usage === 'null' ? null : format(usage) }
}
