import type { Endpoint } from '../../../wire/routes.ts'
import type { Conversation } from './conversation.ts'
import { isObject, listOf, objectOf, stringOf } from './json.ts'
import { chatPassthrough, messagesPassthrough, responsesPassthrough } from './passthrough.ts'
import { quirksOf } from './quirks.ts'
import { fromChat } from './request/from-chat.ts'
import { fromClaude } from './request/from-claude.ts'
import { fromResponses } from './request/from-responses.ts'
import type { RequestOptions } from './request/options.ts'
import { toChat } from './request/to-chat.ts'
import { toClaude } from './request/to-claude.ts'
import { toCodex } from './request/to-codex.ts'
import { translation } from './translate.ts'
import type { Call, JsonBody, TranslationTable, UpstreamKind, UpstreamRequest } from './types.ts'

/** Whether a body asks for a stream: only the literal `true`, but on `/v1/messages` anything but `false` (contract, HTTP 4, 5, 6). */
export function wantsStream(endpoint: Endpoint, body: JsonBody): boolean {
  if (endpoint !== 'messages') return body.stream === true
  return body.stream !== undefined && body.stream !== false
}

const READ = {
  chat: fromChat,
  responses: fromResponses,
  messages: fromClaude,
} as const satisfies Record<Endpoint, (body: JsonBody) => Conversation>

/** How each client endpoint is served by each kind of upstream. */
export const TRANSLATIONS: TranslationTable = {
  chat: {
    openai: chatPassthrough((call) => openaiRequest(withModel(call), call)),
    codex: translation('chat', 'codex', (call) =>
      codexRequest(toCodex(READ.chat(call.body), optionsFor('chat', call))),
    ),
    claude: translation('chat', 'claude', (call) =>
      claudeRequest(toClaude(READ.chat(call.body), optionsFor('chat', call)), call),
    ),
  },
  responses: {
    openai: translation('responses', 'openai', (call) =>
      openaiRequest(toChat(READ.responses(call.body), optionsFor('responses', call)), call),
    ),
    codex: responsesPassthrough((call) => codexRequest(nativeBody(call))),
    claude: translation('responses', 'claude', (call) =>
      claudeRequest(toClaude(claudeConversation(call.body), optionsFor('responses', call)), call),
    ),
  },
  messages: {
    openai: translation('messages', 'openai', (call) =>
      openaiRequest(toChat(READ.messages(call.body), optionsFor('messages', call)), call),
    ),
    codex: translation('messages', 'codex', (call) =>
      codexRequest(toCodex(READ.messages(call.body), optionsFor('messages', call))),
    ),
    claude: messagesPassthrough((call) =>
      claudeRequest({ ...call.body, model: call.upstreamModel, stream: call.stream }, call),
    ),
  },
}

function optionsFor(endpoint: Endpoint, call: Call): RequestOptions {
  return {
    model: call.upstreamModel,
    stream: call.stream,
    toolImages: quirksOf(call.profile).toolImages[endpoint],
    rawResults: endpoint === 'messages' ? 'by-item' : 'whole',
  }
}

/** A string as `input` is lost on the way to Claude, in every version recorded; only lists are read. */
function claudeConversation(body: JsonBody): Conversation {
  return READ.responses(typeof body.input === 'string' ? { ...body, input: [] } : body)
}

/** The client's body under the provider's name for the model, which keeps its place. */
function withModel({ body, upstreamModel }: Call): JsonBody {
  const sent = { ...body }
  sent.model = upstreamModel
  return sent
}

const JSON_HEADERS = { 'content-type': 'application/json' } as const
const EVENT_HEADERS = { ...JSON_HEADERS, accept: 'text/event-stream', 'cache-control': 'no-cache' } as const
const ANTHROPIC_VERSION = { 'anthropic-version': '2023-06-01' } as const
const CLAUDE_JSON_HEADERS = { ...JSON_HEADERS, ...ANTHROPIC_VERSION } as const
const CLAUDE_EVENT_HEADERS = { ...EVENT_HEADERS, ...ANTHROPIC_VERSION } as const
const COMPAT_AGENT = { 'user-agent': 'cli-proxy-openai-compat' } as const
const COMPAT_JSON_HEADERS = { ...JSON_HEADERS, ...COMPAT_AGENT } as const
const COMPAT_EVENT_HEADERS = { ...EVENT_HEADERS, ...COMPAT_AGENT } as const

function openaiRequest(body: JsonBody, call: Call): UpstreamRequest {
  const forced = call.stream && quirksOf(call.profile).includeUsage === 'forced'
  const counted = forced
    ? { ...body, stream_options: { ...objectOf(body.stream_options), include_usage: true } }
    : body
  return {
    path: '/chat/completions',
    headers: call.stream ? COMPAT_EVENT_HEADERS : COMPAT_JSON_HEADERS,
    body: takesImages(call) ? counted : withoutToolImages(counted),
    streamed: call.stream,
  }
}

function takesImages({ inputModalities, profile }: Call): boolean {
  if (!inputModalities || inputModalities.length === 0 || quirksOf(profile).errorsInStream === 'passed-over')
    return true
  const named = inputModalities.map((each) => each.trim().toLowerCase())
  return named.includes('image') || !named.includes('text')
}

/** What stands in for an image where the model takes text only (contract, HTTP 6.1). */
const OMITTED_IMAGE = '[image omitted: unsupported by upstream]'

/** Puts words where images stood in tool messages. */
function withoutToolImages(body: JsonBody): JsonBody {
  const messages = listOf(body.messages).map((message) =>
    isObject(message) && message.role === 'tool' && typeof message.content !== 'string'
      ? { ...message, content: listOf(message.content).map(partText).join('\n\n') }
      : message,
  )
  return { ...body, messages }
}

function partText(part: unknown): string {
  if (typeof part === 'string') return part
  if (!isObject(part)) return JSON.stringify(part)
  if (part.type === 'image_url' || part.type === 'input_image' || part.type === 'image') return OMITTED_IMAGE
  return typeof part.text === 'string' ? part.text : JSON.stringify(part)
}

const codexRequest = (body: JsonBody): UpstreamRequest => ({
  path: '/responses',
  headers: EVENT_HEADERS,
  body,
  streamed: true,
})

/** Fields that Codex refuses. */
const NOT_FOR_CODEX: ReadonlySet<string> = new Set([
  'max_output_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'truncation',
  'user',
  'previous_response_id',
  'safety_identifier',
  'stream_options',
])

function nativeBody({ body, upstreamModel }: Call): JsonBody {
  const kept = Object.entries(body).filter(([key]) => !NOT_FOR_CODEX.has(key))
  const input =
    typeof body.input === 'string'
      ? [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: body.input }] }]
      : body.input
  return {
    ...Object.fromEntries(kept),
    model: upstreamModel,
    instructions: stringOf(body.instructions),
    input,
    stream: true,
    store: false,
    parallel_tool_calls: true,
    include: ['reasoning.encrypted_content'],
  }
}

function claudeRequest(body: JsonBody, call: Call): UpstreamRequest {
  const streamed = body.stream === true
  return {
    path: '/v1/messages?beta=true',
    headers: streamed ? CLAUDE_EVENT_HEADERS : CLAUDE_JSON_HEADERS,
    body: withPreamble(body, quirksOf(call.profile).claudePreambleChars),
    streamed,
  }
}

/**
 * Some versions put a system prompt of their own before every request to Claude. Its words do not matter here, its
 * length does: the input counts more than the client sent.
 */
function withPreamble(body: JsonBody, chars: number): JsonBody {
  if (chars === 0) return body
  const own = { type: 'text', text: PREAMBLE.padEnd(chars, '.') }
  const { system } = body
  const rest = typeof system === 'string' ? [{ type: 'text', text: system }] : listOf(system)
  return { ...body, system: [own, ...rest] }
}

const PREAMBLE = "You are Claude Code, Anthropic's official CLI for Claude. "

/** The request that counts tokens, for upstreams that can; for others the gateway counts by itself. */
export function countTokensRequest(kind: UpstreamKind, call: Call): UpstreamRequest | null {
  if (kind !== 'claude') return null
  const { stream: _, max_tokens: __, ...body } = call.body
  const request = claudeRequest({ ...body, model: call.upstreamModel }, call)
  return { ...request, path: '/v1/messages/count_tokens?beta=true' }
}
