import type { Content, Conversation, Part, ResultContent, ToolChoice, Turn } from '../conversation.ts'
import { parseObject, present } from '../json.ts'
import type { JsonBody } from '../types.ts'
import type { RequestOptions } from './options.ts'

/** What the gateways ask for when the client sets no limit. */
const DEFAULT_MAX_TOKENS = 32_000

/** Writes a Claude messages request; always streamed, as the answer is translated from events. */
export function toClaude(conversation: Conversation, options: RequestOptions): JsonBody {
  const { turns, tools, toolChoice, maxTokens, temperature, topP, stop } = conversation
  const system = turns.flatMap((turn) =>
    turn.kind === 'words' && turn.role === 'system' ? blocks(turn.content) : [],
  )
  return present({
    model: options.model,
    max_tokens: maxTokens ?? DEFAULT_MAX_TOKENS,
    system: system.length > 0 ? system : undefined,
    messages: messages(turns, options),
    temperature: temperature ?? undefined,
    top_p: temperature === null ? (topP ?? undefined) : undefined,
    stop_sequences: stop.length > 0 ? stop : undefined,
    tools:
      tools.length > 0
        ? tools.map(({ name, description, parameters }) => ({
            name,
            description: description ?? '',
            input_schema: parameters ?? { type: 'object', properties: {} },
          }))
        : undefined,
    tool_choice: toolChoice ? choice(toolChoice) : undefined,
    stream: true,
  })
}

/** Turns of one side that follow one another are one message. */
function messages(turns: readonly Turn[], options: RequestOptions): JsonBody[] {
  const out: { role: 'user' | 'assistant'; content: JsonBody[] }[] = []
  for (const turn of turns) {
    if (turn.kind === 'words' && turn.role === 'system') continue
    const role =
      turn.kind === 'call' || (turn.kind === 'words' && turn.role === 'assistant') ? 'assistant' : 'user'
    const last = out.at(-1)
    const content = contentOf(turn, options)
    if (last?.role === role && turn.kind !== 'words') last.content.push(...content)
    else out.push({ role, content })
  }
  return out.map(({ role, content }) => ({ role, content }))
}

function contentOf(turn: Turn, options: RequestOptions): JsonBody[] {
  switch (turn.kind) {
    case 'words':
      return blocks(turn.content)
    case 'call':
      return [{ type: 'tool_use', id: turn.id, name: turn.name, input: parseObject(turn.arguments) ?? {} }]
    case 'result':
      return [{ type: 'tool_result', tool_use_id: turn.id, content: resultContent(turn.content, options) }]
  }
}

function blocks(content: Content): JsonBody[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content.map(block)
}

function block(part: Part): JsonBody {
  if (part.kind === 'text') return { type: 'text', text: part.text }
  const [, media_type, data] = /^data:([^;,]+);base64,(.*)$/s.exec(part.url) ?? []
  return {
    type: 'image',
    source: data === undefined ? { type: 'url', url: part.url } : { type: 'base64', media_type, data },
  }
}

/** Nothing that Claude could read leaves the raw JSON as a string (contract, HTTP 6.1). */
function resultContent(content: ResultContent, { toolImages }: RequestOptions): unknown {
  if (content.kind === 'text') return content.text
  if (toolImages === 'as-text') return JSON.stringify(content.raw)
  const known = content.parts.flatMap((each) => (each.kind === 'other' ? [] : [block(each)]))
  return known.length === 0 && content.parts.length > 0 ? JSON.stringify(content.raw) : known
}

function choice(toolChoice: ToolChoice): JsonBody {
  if (toolChoice.kind === 'named') return { type: 'tool', name: toolChoice.name }
  return { type: toolChoice.kind === 'required' ? 'any' : toolChoice.kind }
}
