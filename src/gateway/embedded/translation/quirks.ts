import type { Profile } from '../profile.ts'

/**
 * Where the gateways translate differently, as recorded from each of them. `runbook` is `upstream`.
 * What every one of them does the same is no quirk and stands in the code.
 */
export interface Quirks {
  /** An error object or event inside a 200 stream ends the stream with that error, or is passed over. */
  readonly errorsInStream: 'raised' | 'passed-over'
  /** What a stream that ends early becomes (contract, HTTP 4.5). */
  readonly earlyEnd: 'raised' | 'silent'
  /** A stream without any payload: 500 `empty_stream`, or an empty 200. */
  readonly emptyStream: 'refused' | 'answered'
  /** A Responses stream ends with one more newline, or only when it is empty. */
  readonly lastNewline: 'always' | 'only-when-empty'
  /** `stream_options.include_usage` is forced upstream (contract, HTTP 5). */
  readonly includeUsage: 'forced' | 'as-sent'
  /** `response.completed` comes after the usage chunk, or already at `finish_reason` (contract, HTTP 4.3). */
  readonly completesAt: 'done' | 'finish'
  /** An answer cut by length says `incomplete` (contract, HTTP 4.1). */
  readonly lengthStatus: 'incomplete' | 'completed'
  /** The native `response.incomplete` is understood as an end. */
  readonly nativeIncomplete: 'understood' | 'only-by-messages' | 'unknown'
  /** Detail objects of Responses usage (contract, HTTP 4.1). */
  readonly usageDetails: 'always' | 'as-given'
  /** Early Responses events name the model and an empty output. */
  readonly earlyEvents: 'full' | 'short'
  /** Tool-result images survive, per client endpoint whose results are translated; else they become JSON text (contract, HTTP 6.1). */
  readonly toolImages: { readonly chat: Fate; readonly responses: Fate; readonly messages: Fate }
  /** `message_start` of a translated stream estimates the input (contract, HTTP 6). */
  readonly messageStartUsage: 'estimated' | 'zero'
  /** `cached_creation_tokens` in chat usage from Claude. */
  readonly cacheCreation: 'told' | 'untold'
  /** Chat usage from Claude: whether the prompt is counted, which only the first event tells. */
  readonly claudePrompt: 'counted' | 'lost'
  /** Responses streams from Claude close a text with its block, and with nothing in it. */
  readonly claudeTexts: 'told' | 'forgotten'
  /** Chat chunks from Codex carry every field, `null` where empty, and the literal model name `model`. */
  readonly codexChunks: 'short' | 'padded'
  /** Plain chat answers from Codex with a tool call say so in `finish_reason`. */
  readonly codexToolFinish: 'tool_calls' | 'stop'
  /** Characters of system prompt that the gateway puts before requests to Claude upstreams. */
  readonly claudePreambleChars: number
  /** Shape of an error inside a Responses stream (contract, HTTP 4.5). */
  readonly responsesErrorFrame: 'flat' | 'nested'
  /** Shape of the HTTP errors of `/v1/messages` (contract, HTTP 6). */
  readonly messagesErrors: 'claude' | 'openai'
  /** Errors before the first byte of a Responses stream are reduced to type, code and message. */
  readonly streamedErrors: 'reduced' | 'verbatim'
  /** Codex 401 bodies are rewritten to `auth_unavailable`. */
  readonly codexUnauthorized: 'rewritten' | 'verbatim'
}

type Fate = 'kept' | 'as-text'

const upstream: Quirks = {
  errorsInStream: 'raised',
  earlyEnd: 'raised',
  emptyStream: 'refused',
  lastNewline: 'always',
  includeUsage: 'forced',
  completesAt: 'done',
  lengthStatus: 'incomplete',
  nativeIncomplete: 'understood',
  usageDetails: 'always',
  earlyEvents: 'full',
  toolImages: { chat: 'kept', responses: 'kept', messages: 'kept' },
  messageStartUsage: 'estimated',
  cacheCreation: 'told',
  claudePrompt: 'counted',
  claudeTexts: 'told',
  codexChunks: 'short',
  codexToolFinish: 'tool_calls',
  claudePreambleChars: 0,
  responsesErrorFrame: 'flat',
  messagesErrors: 'claude',
  streamedErrors: 'reduced',
  codexUnauthorized: 'rewritten',
}

const fork: Quirks = {
  ...upstream,
  errorsInStream: 'passed-over',
  earlyEnd: 'silent',
  lengthStatus: 'completed',
  nativeIncomplete: 'only-by-messages',
  usageDetails: 'as-given',
  earlyEvents: 'short',
  toolImages: { chat: 'kept', responses: 'as-text', messages: 'kept' },
  messageStartUsage: 'zero',
  cacheCreation: 'untold',
  claudePreambleChars: 6380,
  streamedErrors: 'verbatim',
}

const forkOld: Quirks = {
  ...fork,
  emptyStream: 'answered',
  lastNewline: 'only-when-empty',
  includeUsage: 'as-sent',
  completesAt: 'finish',
  nativeIncomplete: 'unknown',
  toolImages: { chat: 'as-text', responses: 'as-text', messages: 'as-text' },
  claudePrompt: 'lost',
  claudeTexts: 'forgotten',
  codexChunks: 'padded',
  codexToolFinish: 'stop',
  claudePreambleChars: 60,
  responsesErrorFrame: 'nested',
  messagesErrors: 'openai',
  codexUnauthorized: 'verbatim',
}

const QUIRKS = { runbook: upstream, upstream, fork, 'fork-old': forkOld } as const satisfies Record<
  Profile,
  Quirks
>

export const quirksOf = (profile: Profile): Quirks => QUIRKS[profile]
