import type {
  Content,
  Conversation,
  Part,
  ResultContent,
  ResultPart,
  Tool,
  ToolChoice,
  Turn,
} from '../conversation.ts'
import { isObject, listOf, numberOf, objectOf, objectsOf, stringOf } from '../json.ts'
import type { JsonBody } from '../types.ts'

/** Reads a chat completion request. */
export function fromChat(body: JsonBody): Conversation {
  return {
    turns: objectsOf(body.messages).flatMap(turns),
    tools: objectsOf(body.tools).flatMap(tool),
    toolChoice: toolChoice(body.tool_choice),
    parallelTools: typeof body.parallel_tool_calls === 'boolean' ? body.parallel_tool_calls : null,
    maxTokens: numberOf(body.max_tokens) ?? numberOf(body.max_completion_tokens),
    temperature: numberOf(body.temperature),
    topP: numberOf(body.top_p),
    stop: typeof body.stop === 'string' ? [body.stop] : listOf(body.stop).map(String),
    reasoningEffort: stringOf(body.reasoning_effort) || null,
  }
}

function turns(message: JsonBody): Turn[] {
  if (message.role === 'tool')
    return [{ kind: 'result', id: stringOf(message.tool_call_id), content: resultContent(message.content) }]
  const role = message.role === 'assistant' ? 'assistant' : isSystem(message.role) ? 'system' : 'user'
  const content = wordsOf(message.content)
  const words: Turn[] = content.length > 0 ? [{ kind: 'words', role, content }] : []
  const calls = objectsOf(message.tool_calls).map((call): Turn => {
    const described = objectOf(call.function)
    return {
      kind: 'call',
      id: stringOf(call.id),
      name: stringOf(described.name),
      arguments: stringOf(described.arguments),
    }
  })
  return [...words, ...calls]
}

const isSystem = (role: unknown) => role === 'system' || role === 'developer'

function wordsOf(content: unknown): Content {
  return typeof content === 'string' ? content : listOf(content).flatMap(partOf)
}

function partOf(value: unknown): Part[] {
  if (typeof value === 'string') return [{ kind: 'text', text: value }]
  if (!isObject(value)) return []
  if (value.type === 'image_url') return [{ kind: 'image', url: imageUrl(value.image_url) }]
  return typeof value.text === 'string' ? [{ kind: 'text', text: value.text }] : []
}

const imageUrl = (value: unknown) => (isObject(value) ? stringOf(value.url) : stringOf(value))

function resultContent(content: unknown): ResultContent {
  if (typeof content === 'string') return { kind: 'text', text: content }
  if (content === undefined || content === null) return { kind: 'text', text: '' }
  const items = isObject(content) ? [content] : listOf(content)
  return { kind: 'parts', parts: items.flatMap(resultPart), raw: content }
}

function resultPart(value: unknown): ResultPart[] {
  const parts = partOf(value)
  return parts.length > 0 ? parts : [{ kind: 'other', raw: value }]
}

function tool(raw: JsonBody): Tool[] {
  const described = isObject(raw.function) ? raw.function : raw
  const { name, description, parameters } = described
  return typeof name === 'string'
    ? [{ name, description: typeof description === 'string' ? description : null, parameters }]
    : []
}

function toolChoice(choice: unknown): ToolChoice | null {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { kind: choice }
  const name = objectOf(objectOf(choice).function).name
  return typeof name === 'string' ? { kind: 'named', name } : null
}
