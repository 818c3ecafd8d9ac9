import type { Content, Conversation, Part, ResultContent, ToolChoice, Turn } from '../conversation.ts'
import { flatText, hasImage } from '../conversation.ts'
import { present } from '../json.ts'
import type { JsonBody } from '../types.ts'
import type { RequestOptions } from './options.ts'

/** Writes a chat completion request. */
export function toChat(conversation: Conversation, options: RequestOptions): JsonBody {
  const { tools, toolChoice, parallelTools, maxTokens, temperature, topP, stop, reasoningEffort } =
    conversation
  const withTools = tools.length > 0
  return present({
    model: options.model,
    messages: messages(conversation.turns, options),
    max_tokens: maxTokens ?? undefined,
    temperature: temperature ?? undefined,
    top_p: temperature === null ? (topP ?? undefined) : undefined,
    stop: stop.length > 0 ? stop : undefined,
    stream: options.stream,
    reasoning_effort: reasoningEffort ?? undefined,
    tools: withTools
      ? tools.map(({ name, description, parameters }) => ({
          type: 'function',
          function: { name, description: description ?? '', parameters: parameters ?? {} },
        }))
      : undefined,
    parallel_tool_calls: withTools ? (parallelTools ?? undefined) : undefined,
    tool_choice: withTools && toolChoice ? choice(toolChoice) : undefined,
  })
}

/** Calls that follow one another, or the assistant's words, belong to one message. */
function messages(turns: readonly Turn[], options: RequestOptions): JsonBody[] {
  const out: JsonBody[] = []
  for (const turn of turns) {
    if (turn.kind === 'words') out.push({ role: turn.role, content: contentOf(turn.content) })
    else if (turn.kind === 'result')
      out.push({ role: 'tool', tool_call_id: turn.id, content: resultContent(turn.content, options) })
    else {
      const { id, name, arguments: text } = turn
      const call = { id, type: 'function', function: { name, arguments: text } }
      const last = out.at(-1)
      if (last?.role === 'assistant')
        last.tool_calls = [...((last.tool_calls as unknown[] | undefined) ?? []), call]
      else out.push({ role: 'assistant', content: '', tool_calls: [call] })
    }
  }
  return out
}

const contentOf = (content: Content) => (typeof content === 'string' ? content : content.map(part))

function part(value: Part): JsonBody {
  return value.kind === 'text'
    ? { type: 'text', text: value.text }
    : { type: 'image_url', image_url: { url: value.url } }
}

function resultContent(content: ResultContent, { toolImages, rawResults }: RequestOptions): unknown {
  if (content.kind === 'text') return content.text
  if (toolImages === 'as-text') return rawResults === 'whole' ? JSON.stringify(content.raw) : rawText(content)
  if (!hasImage(content.parts)) return flatText(content.parts)
  return content.parts.flatMap((each) => (each.kind === 'other' ? [] : [part(each)]))
}

/** Older gateways join the texts and put every other block among them as JSON, base64 included (contract, HTTP 6.1). */
function rawText({ parts, raw }: ResultContent & { kind: 'parts' }): string {
  const items: readonly unknown[] = Array.isArray(raw) ? raw : [raw]
  return parts
    .map((each, index) => (each.kind === 'text' ? each.text : JSON.stringify(items[index])))
    .join('\n\n')
}

const choice = (toolChoice: ToolChoice) =>
  toolChoice.kind === 'named' ? { type: 'function', function: { name: toolChoice.name } } : toolChoice.kind
