import { isObject, listOf } from '../translation/json.ts'
import type { JsonBody } from '../translation/types.ts'
import type { OfferedTool, Survey } from './survey.ts'
import type { Fault } from './types.ts'

export interface ToolCall {
  readonly id: string
  readonly name: string
  /** JSON text. */
  readonly arguments: string
}

export interface Usage {
  readonly input: number
  readonly output: number
  readonly cached: number
  readonly reasoning: number
}

/** What the simulated model says, before it is put into a wire format. */
export interface Reply {
  readonly id: string
  readonly createdS: number
  /** Named in the answer. */
  readonly model: string
  readonly text: string
  readonly reasoning: string
  readonly tool: ToolCall | null
  readonly finish: 'stop' | 'length' | 'tool'
  readonly usage: Usage | 'missing' | 'null'
}

export interface ReplyContext {
  readonly id: string
  readonly nowMs: number
  readonly model: string
  readonly faults: readonly Fault[]
}

/**
 * Characters per token, as a rule of thumb for English. Each request costs three more for the turn's frame. So text
 * that holds base64 costs a quarter of its length, while the same picture sent as a picture costs some ninety.
 */
const CHARS_PER_TOKEN = 4
const TURN_TOKENS = 3

const tokensOf = (chars: number) => Math.ceil(chars / CHARS_PER_TOKEN)

/** What a request costs: text, and pictures that are not dropped. Tool definitions are free. */
export function inputTokens(survey: Survey, faults: readonly Fault[]): number {
  const pictures = visible(survey, faults).reduce((sum, { tokens }) => sum + tokens, 0)
  return TURN_TOKENS + tokensOf(survey.chars) + pictures
}

/** The same request always gets the same reply: nothing is drawn by lot. */
export function reply(survey: Survey, context: ReplyContext): Reply {
  const { faults } = context
  const tool = toolCall(survey, faults)
  const whole = tool ? '' : textFor(survey, faults)
  const limit = lengthLimit(survey, whole, faults)
  const text = limit === null ? whole : whole.slice(0, limit)
  const reasoning = has(faults, 'reasoning') ? `The user says: ${survey.prompt.slice(0, 80)}` : ''
  const reasoningTokens = tokensOf(reasoning.length)
  const output = tokensOf(tool ? tool.name.length + tool.arguments.length : text.length) + reasoningTokens
  const counted = { input: inputTokens(survey, faults), output, cached: 0, reasoning: reasoningTokens }
  return {
    id: context.id,
    createdS: Math.floor(context.nowMs / 1000),
    model: find(faults, 'wrong-model')?.model ?? context.model,
    text,
    reasoning,
    tool,
    finish: tool ? 'tool' : limit === null ? 'stop' : 'length',
    usage: reportedUsage(counted, faults),
  }
}

function find<K extends Fault['kind']>(
  faults: readonly Fault[],
  kind: K,
): Extract<Fault, { kind: K }> | null {
  return (faults.find((fault) => fault.kind === kind) as Extract<Fault, { kind: K }> | undefined) ?? null
}

const has = (faults: readonly Fault[], kind: Fault['kind']) => find(faults, kind) !== null

function visible(survey: Survey, faults: readonly Fault[]) {
  return find(faults, 'images')?.how === 'dropped' ? [] : survey.images
}

function textFor(survey: Survey, faults: readonly Fault[]): string {
  const images = visible(survey, faults)
  if (images.length > 0) return images.map(({ shows }) => shows ?? 'The image cannot be read.').join(' ')
  if (/data:image|"type" ?: ?"image/.test(survey.toolResult ?? '')) return 'I see a long text but no image.'
  if (/\b(image|picture|colou?r|digit|screenshot)\b/i.test(survey.prompt)) return 'I see no image.'
  if (survey.toolResult !== null) return `The tool says: ${survey.toolResult.slice(0, 200)}`
  return echo(survey.prompt)
}

const MAX_WORDS = 100_000

function echo(prompt: string): string {
  if (/^\s*ping\W*$/i.test(prompt)) return 'pong'
  const exactly = /\b(?:reply|answer|respond) (?:with )?exactly:? *"?([^"\n]+?)"?\.?\s*$/i.exec(prompt)?.[1]
  if (exactly !== undefined) return exactly
  const words = /\bwrite (\d+) words\b/i.exec(prompt)?.[1]
  if (words !== undefined)
    return Array(Math.min(Number(words), MAX_WORDS))
      .fill('word')
      .join(' ')
  return `You said: ${prompt.slice(0, 200)}`
}

function lengthLimit(survey: Survey, text: string, faults: readonly Fault[]): number | null {
  const allowed = survey.maxTokens === null ? text.length : survey.maxTokens * CHARS_PER_TOKEN
  if (has(faults, 'length')) return Math.min(allowed, Math.ceil(text.length / 2))
  return allowed < text.length ? allowed : null
}

/** A tool is called when the request insists, or when the prompt names it or asks to use a tool. */
function toolCall(survey: Survey, faults: readonly Fault[]): ToolCall | null {
  const tool = has(faults, 'tool-call') ? survey.tools[0] : wantedTool(survey)
  if (!tool || survey.toolResult !== null) return null
  return {
    id: 'call_simulated_1',
    name: tool.name,
    arguments: JSON.stringify(sampleArguments(tool, survey.prompt)),
  }
}

function wantedTool({ tools, prompt, forcedTool }: Survey): OfferedTool | undefined {
  if (forcedTool === 'any') return tools[0]
  if (forcedTool !== null) return tools.find(({ name }) => name === forcedTool)
  const named = tools.find(({ name }) => prompt.includes(name))
  return named ?? (/\b(use|call)\b.*\btool\b/i.test(prompt) ? tools[0] : undefined)
}

function sampleArguments({ parameters }: OfferedTool, prompt: string): JsonBody {
  const properties = isObject(parameters.properties) ? parameters.properties : {}
  const required = listOf(parameters.required)
  const wanted = Object.entries(properties).filter(([key]) => required.length === 0 || required.includes(key))
  return Object.fromEntries(wanted.map(([key, schema]) => [key, sampleValue(schema, prompt)]))
}

function sampleValue(schema: unknown, prompt: string): unknown {
  if (!isObject(schema)) return null
  const [first] = listOf(schema.enum)
  if (first !== undefined) return first
  switch (schema.type) {
    case 'number':
    case 'integer':
      return Number(/-?\d+/.exec(prompt)?.[0] ?? 1)
    case 'boolean':
      return true
    case 'array':
      return []
    case 'object':
      return {}
    default:
      return properNoun(prompt) ?? 'example'
  }
}

/** The last capitalised word that does not begin the prompt: `Paris` in `What is the weather in Paris?` */
const properNoun = (prompt: string) => prompt.match(/(?<=\s)[A-Z][\p{L}-]+/gu)?.at(-1)

function reportedUsage(counted: Usage, faults: readonly Fault[]): Reply['usage'] {
  switch (find(faults, 'usage')?.how) {
    case 'missing':
      return 'missing'
    case 'null':
      return 'null'
    case 'zero':
      return { input: 0, output: 0, cached: 0, reasoning: 0 }
    case 'different':
      return { ...counted, input: counted.input + 20, output: counted.output + 4 }
    case 'cached':
      return { ...counted, cached: Math.min(2, counted.input) }
    default:
      return counted
  }
}
