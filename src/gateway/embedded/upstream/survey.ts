import { isObject, listOf } from '../translation/json.ts'
import type { JsonBody } from '../translation/types.ts'
import { decodePng } from './png.ts'
import { describe } from './vision.ts'

export interface SeenImage {
  readonly inToolResult: boolean
  readonly tokens: number
  /** What it shows, as a sentence; null: not a picture this simulation can read. */
  readonly shows: string | null
}

export interface OfferedTool {
  readonly name: string
  readonly parameters: JsonBody
}

/** What a request holds, whichever of the three formats it came in. */
export interface Survey {
  /** Characters of all text: system, messages, tool calls and results. Base64 that stands in text counts too. */
  readonly chars: number
  readonly images: readonly SeenImage[]
  /** Index of the first `role: tool` message with a list as content, which many providers refuse. */
  readonly listInToolMessage: number | null
  /** The newest words of the user. */
  readonly prompt: string
  /** Text of the tool results after which the model is asked to speak; null: the last turn is the user's. */
  readonly toolResult: string | null
  readonly tools: readonly OfferedTool[]
  /** A tool the request insists on: its name, `any`, or null. */
  readonly forcedTool: string | 'any' | null
  readonly maxTokens: number | null
}

interface Tally {
  chars: number
  images: SeenImage[]
  listInToolMessage: number | null
  prompt: string
  toolResult: string | null
}

type Where = 'plain' | 'tool-result'

export function survey(body: JsonBody): Survey {
  const tally: Tally = { chars: 0, images: [], listInToolMessage: null, prompt: '', toolResult: null }
  walkContent(body.system, 'plain', tally)
  walkContent(body.instructions, 'plain', tally)
  if (typeof body.input === 'string') walkTurn({ role: 'user', content: body.input }, 0, tally)
  listOf(body.messages ?? body.input).forEach((turn, index) => {
    if (isObject(turn)) walkTurn(turn, index, tally)
  })
  const { chars, images, listInToolMessage, prompt, toolResult } = tally
  return {
    chars,
    images,
    listInToolMessage,
    prompt,
    toolResult,
    tools: listOf(body.tools).filter(isObject).flatMap(offeredTool),
    forcedTool: forcedTool(body.tool_choice),
    maxTokens: firstNumber(body.max_tokens, body.max_completion_tokens, body.max_output_tokens),
  }
}

function walkTurn(turn: JsonBody, index: number, tally: Tally): void {
  if (turn.role === 'tool' || turn.type === 'function_call_output') {
    const content = turn.content ?? turn.output
    if (Array.isArray(content)) tally.listInToolMessage ??= index
    tally.toolResult = (tally.toolResult ?? '') + walkContent(content, 'tool-result', tally)
    return
  }
  for (const call of listOf(turn.tool_calls)) tally.chars += lengthOf(call)
  if (turn.type === 'function_call') tally.chars += lengthOf(turn.arguments)
  const result = toolResultText(turn, tally)
  const words = walkContent(turn.content, 'plain', tally)
  if (turn.role === 'user') {
    if (words !== '') tally.prompt = words
    tally.toolResult = result
  }
}

/** Claude puts tool results into the user's turn, where words may follow them. */
function toolResultText(turn: JsonBody, tally: Tally): string | null {
  const results = listOf(turn.content).filter(
    (part): part is JsonBody => isObject(part) && part.type === 'tool_result',
  )
  if (results.length === 0) return null
  return results.map((part) => walkContent(part.content, 'tool-result', tally)).join('')
}

/** Counts what is in a content (a string, a part, or a list of parts) and returns its text. */
function walkContent(content: unknown, where: Where, tally: Tally): string {
  if (typeof content === 'string') {
    tally.chars += content.length
    return content
  }
  if (Array.isArray(content)) return content.map((part) => walkContent(part, where, tally)).join('')
  if (!isObject(content) || content.type === 'tool_result') return ''
  const image = imageUrl(content)
  if (image !== null) {
    tally.images.push(look(image, where))
    return ''
  }
  if (content.type === 'tool_use') {
    tally.chars += lengthOf(content.input)
    return ''
  }
  return walkContent(typeof content.text === 'string' ? content.text : '', where, tally)
}

const lengthOf = (value: unknown) =>
  typeof value === 'string' ? value.length : (JSON.stringify(value) ?? '').length

/** The image of a part as a URL, whichever vocabulary: `image_url`, `input_image`, Claude's `image`. */
function imageUrl(part: JsonBody): string | null {
  if (part.type === 'image') {
    const source = isObject(part.source) ? part.source : {}
    return source.type === 'base64' ? `data:;base64,${String(source.data)}` : String(source.url)
  }
  if (part.type !== 'image_url' && part.type !== 'input_image') return null
  const url = part.image_url
  return isObject(url) ? String(url.url) : String(url)
}

/** 85 tokens for the look of it plus one for each 750 pixels, so a 64 by 64 canary costs 90. */
const IMAGE_TOKENS = 85
const PIXELS_PER_TOKEN = 750

function look(url: string, where: Where): SeenImage {
  const inToolResult = where === 'tool-result'
  const base64 = /^data:[^,]*;base64,(.*)$/s.exec(url)?.[1]
  const picture = base64 === undefined ? null : decodePng(Buffer.from(base64, 'base64'))
  if (!picture) return { inToolResult, tokens: IMAGE_TOKENS, shows: null }
  const tokens = IMAGE_TOKENS + Math.floor((picture.width * picture.height) / PIXELS_PER_TOKEN)
  return { inToolResult, tokens, shows: describe(picture) }
}

function offeredTool(tool: JsonBody): OfferedTool[] {
  const described = isObject(tool.function) ? tool.function : tool
  const parameters = described.parameters ?? described.input_schema
  return typeof described.name === 'string'
    ? [{ name: described.name, parameters: isObject(parameters) ? parameters : {} }]
    : []
}

function forcedTool(choice: unknown): string | null {
  if (choice === 'required') return 'any'
  if (!isObject(choice)) return null
  if (choice.type === 'any') return 'any'
  const named = isObject(choice.function) ? choice.function.name : choice.name
  return typeof named === 'string' ? named : null
}

function firstNumber(...values: readonly unknown[]): number | null {
  return values.find((value): value is number => typeof value === 'number') ?? null
}
