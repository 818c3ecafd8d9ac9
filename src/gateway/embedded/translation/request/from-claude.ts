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

/** Reads a Claude messages request. Tool results come before the rest of their turn (contract, HTTP 6.1). */
export function fromClaude(body: JsonBody): Conversation {
  const system = wordsOf(body.system)
  const preface: Turn[] = system.length > 0 ? [{ kind: 'words', role: 'system', content: system }] : []
  return {
    turns: [...preface, ...objectsOf(body.messages).flatMap(turns)],
    tools: objectsOf(body.tools).flatMap(tool),
    toolChoice: toolChoice(body.tool_choice),
    parallelTools: null,
    maxTokens: numberOf(body.max_tokens),
    temperature: numberOf(body.temperature),
    topP: numberOf(body.top_p),
    stop: listOf(body.stop_sequences).map(String),
    reasoningEffort: null,
  }
}

function turns(message: JsonBody): Turn[] {
  const role = message.role === 'assistant' ? 'assistant' : 'user'
  const blocks = objectsOf(message.content)
  const results = blocks
    .filter(({ type }) => type === 'tool_result')
    .map(
      (block): Turn => ({
        kind: 'result',
        id: stringOf(block.tool_use_id),
        content: resultContent(block.content),
      }),
    )
  const content = wordsOf(message.content)
  const words: Turn[] = content.length > 0 ? [{ kind: 'words', role, content }] : []
  const calls = blocks
    .filter(({ type }) => type === 'tool_use')
    .map(
      (block): Turn => ({
        kind: 'call',
        id: stringOf(block.id),
        name: stringOf(block.name),
        arguments: JSON.stringify(block.input ?? {}),
      }),
    )
  return [...results, ...words, ...calls]
}

function wordsOf(content: unknown): Content {
  return typeof content === 'string' ? content : objectsOf(content).flatMap(partOf)
}

function partOf(block: JsonBody): Part[] {
  if (block.type === 'text') return [{ kind: 'text', text: stringOf(block.text) }]
  const url = block.type === 'image' ? imageUrl(objectOf(block.source)) : ''
  return url === '' ? [] : [{ kind: 'image', url }]
}

function imageUrl({ type, media_type, data, url }: JsonBody): string {
  if (type === 'url') return stringOf(url)
  const media = stringOf(media_type) || 'application/octet-stream'
  return typeof data === 'string' && data !== '' ? `data:${media};base64,${data}` : ''
}

function resultContent(content: unknown): ResultContent {
  if (typeof content === 'string') return { kind: 'text', text: content }
  if (content === undefined || content === null) return { kind: 'text', text: '' }
  const items = isObject(content) ? [content] : listOf(content)
  return { kind: 'parts', parts: items.flatMap(resultPart), raw: content }
}

function resultPart(value: unknown): ResultPart[] {
  if (typeof value === 'string') return [{ kind: 'text', text: value }]
  if (!isObject(value)) return [{ kind: 'other', raw: value }]
  const known = partOf(value)
  return known.length > 0 ? known : [{ kind: 'other', raw: value }]
}

function tool(raw: JsonBody): Tool[] {
  const { name, description, input_schema } = raw
  return typeof name === 'string'
    ? [
        {
          name,
          description: typeof description === 'string' ? description : null,
          parameters: input_schema,
        },
      ]
    : []
}

function toolChoice(choice: unknown): ToolChoice | null {
  const { type, name } = objectOf(choice)
  if (type === 'tool' && typeof name === 'string') return { kind: 'named', name }
  if (type === 'any') return { kind: 'required' }
  return type === 'auto' || type === 'none' ? { kind: type } : null
}
