import type { Said, Usage } from '../pieces.ts'
import type { JsonBody } from '../types.ts'
import {
  callItem,
  counts,
  echo,
  incompleteDetails,
  messageItem,
  statusOf,
  withDetails,
} from './response-parts.ts'
import type { WriterContext } from './writer.ts'

/** A whole Responses answer made of another format's. */
export function writeResponse(said: Said, context: WriterContext): unknown {
  const { call } = context
  const id = said.id || `resp_${call.newHex(16)}`
  const status = statusOf(said.finish, context)
  const output = [...reasoningItems(said, id), ...messageItems(said, id, status), ...callItems(said, status)]
  return {
    id,
    object: 'response',
    created_at: said.createdS ?? Math.floor(call.nowMs / 1000),
    status,
    background: false,
    error: null,
    incomplete_details: incompleteDetails(said.finish, context),
    ...echo(context, plainEchoSource(context)),
    ...(output.length > 0 ? { output } : {}),
    ...(said.usage === null ? {} : { usage: said.usage === 'null' ? null : plainUsage(said.usage, context) }),
  }
}

function plainUsage(usage: Usage, context: WriterContext): JsonBody {
  const { kind, quirks } = context
  if (kind === 'claude' && quirks.usageDetails === 'as-given')
    return {
      ...counts(usage),
      input_tokens_details: { cached_tokens: usage.cached ?? 0 },
      output_tokens_details: {},
    }
  const { cached } = usage
  const details =
    cached === null && kind !== 'claude' ? {} : { input_tokens_details: { cached_tokens: cached ?? 0 } }
  return withDetails({ ...counts(usage), ...details }, context)
}

/** Answers from OpenAI-compatible upstreams repeat what was sent upstream, not what the client sent. */
const plainEchoSource = ({ kind, sent, call }: WriterContext): JsonBody =>
  kind === 'openai' ? sent : call.body

function reasoningItems({ reasoning }: Said, id: string): JsonBody[] {
  if (reasoning === '') return []
  const summary = [{ type: 'summary_text', text: reasoning }]
  return [{ id: `rs_${id.replace(/^resp_/, '')}`, type: 'reasoning', encrypted_content: '', summary }]
}

function messageItems({ text }: Said, id: string, status: string): JsonBody[] {
  return text === '' ? [] : [messageItem(`msg_${id}_0`, text, status)]
}

const callItems = ({ tools }: Said, status: string): JsonBody[] =>
  tools.map(({ id, name, arguments: text }) => callItem(id, name, text, status))
