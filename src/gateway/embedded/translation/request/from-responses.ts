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

/** Reads a Responses request; `input` may be a string or a list of items. */
export function fromResponses(body: JsonBody): Conversation {
  const instructions: Turn[] =
    typeof body.instructions === 'string' && body.instructions !== ''
      ? [{ kind: 'words', role: 'system', content: body.instructions }]
      : []
  const input: Turn[] =
    typeof body.input === 'string'
      ? [{ kind: 'words', role: 'user', content: body.input }]
      : objectsOf(body.input).flatMap(turn)
  return {
    turns: [...instructions, ...input],
    tools: objectsOf(body.tools).flatMap(tool),
    toolChoice: toolChoice(body.tool_choice),
    parallelTools: typeof body.parallel_tool_calls === 'boolean' ? body.parallel_tool_calls : null,
    maxTokens: numberOf(body.max_output_tokens),
    temperature: numberOf(body.temperature),
    topP: numberOf(body.top_p),
    stop: [],
    reasoningEffort: stringOf(objectOf(body.reasoning).effort) || null,
  }
}

function turn(item: JsonBody): Turn[] {
  switch (item.type) {
    case 'function_call':
      return [
        {
          kind: 'call',
          id: stringOf(item.call_id),
          name: stringOf(item.name),
          arguments: stringOf(item.arguments),
        },
      ]
    case 'function_call_output':
      return [{ kind: 'result', id: stringOf(item.call_id), content: resultContent(item.output) }]
    case 'message':
    case undefined:
      return [{ kind: 'words', role: roleOf(item.role), content: wordsOf(item.content) }]
    default:
      return []
  }
}

const roleOf = (role: unknown) => (role === 'assistant' || role === 'system' ? role : 'user')

function wordsOf(content: unknown): Content {
  return typeof content === 'string' ? content : listOf(content).flatMap(partOf)
}

function partOf(value: unknown): Part[] {
  if (typeof value === 'string') return [{ kind: 'text', text: value }]
  if (!isObject(value)) return []
  if (value.type === 'input_image') return [{ kind: 'image', url: stringOf(value.image_url) }]
  if (value.type === 'image_url') return [{ kind: 'image', url: stringOf(objectOf(value.image_url).url) }]
  return typeof value.text === 'string' ? [{ kind: 'text', text: value.text }] : []
}

function resultContent(output: unknown): ResultContent {
  if (typeof output === 'string') return { kind: 'text', text: output }
  if (output === undefined || output === null) return { kind: 'text', text: '' }
  const parts = listOf(output).flatMap((value): ResultPart[] => {
    const known = partOf(value)
    return known.length > 0 ? known : [{ kind: 'other', raw: value }]
  })
  return { kind: 'parts', parts, raw: output }
}

function tool(raw: JsonBody): Tool[] {
  const { type, name, description, parameters } = raw
  return typeof name === 'string' && (type === 'function' || type === undefined)
    ? [{ name, description: typeof description === 'string' ? description : null, parameters }]
    : []
}

function toolChoice(choice: unknown): ToolChoice | null {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { kind: choice }
  const name = objectOf(choice).name
  return typeof name === 'string' ? { kind: 'named', name } : null
}
