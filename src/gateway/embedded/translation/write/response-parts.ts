import { present } from '../json.ts'
import type { Finish, Usage } from '../pieces.ts'
import type { JsonBody } from '../types.ts'
import type { WriterContext } from './writer.ts'

/** Request fields that the answer repeats when they were sent (contract, HTTP 4.1). */
const ECHOED = [
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'parallel_tool_calls',
  'previous_response_id',
  'prompt_cache_key',
  'reasoning',
  'safety_identifier',
  'service_tier',
  'store',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
  'metadata',
] as const

/** The fields that repeat the request; `source` is the client's body or what was sent upstream. */
export function echo({ call, kind }: WriterContext, source: JsonBody): JsonBody {
  const model = source === call.body ? call.requestedModel : (call.answerModel ?? call.upstreamModel)
  const limit = kind === 'openai' ? { max_output_tokens: source.max_output_tokens ?? source.max_tokens } : {}
  const fields = Object.fromEntries(ECHOED.map((key) => [key, source[key]]))
  return present({ model, ...fields, ...limit })
}

/** Answers made of Claude's are always called completed. */
export const statusOf = (finish: Finish | null, { kind, quirks }: WriterContext) =>
  incomplete(finish) && kind !== 'claude' && quirks.lengthStatus === 'incomplete' ? 'incomplete' : 'completed'

const incomplete = (finish: Finish | null) => finish === 'length' || finish === 'content-filter'

export function incompleteDetails(finish: Finish | null, context: WriterContext): JsonBody | null {
  if (statusOf(finish, context) === 'completed') return null
  return { reason: finish === 'content-filter' ? 'content_filter' : 'max_output_tokens' }
}

export const outputText = (text: string) => ({ type: 'output_text', annotations: [], logprobs: [], text })

export const messageItem = (id: string, text: string, status: string): JsonBody => ({
  id,
  type: 'message',
  status,
  content: [outputText(text)],
  role: 'assistant',
})

export const callItem = (id: string, name: string, text: string, status: string): JsonBody => ({
  id: `fc_${id}`,
  type: 'function_call',
  status,
  arguments: text,
  call_id: id,
  name,
})

/** Counts that were not told are 0; a missing total is the sum. */
export function counts({ input, output, total }: Usage): JsonBody {
  const sum = (input ?? 0) + (output ?? 0)
  return { input_tokens: input ?? 0, output_tokens: output ?? 0, total_tokens: total || sum }
}

/** Newer gateways always send the objects with details. */
export function withDetails(usage: JsonBody, { quirks }: WriterContext): JsonBody {
  if (quirks.usageDetails === 'as-given') return usage
  return {
    input_tokens_details: { cached_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
    ...usage,
  }
}
