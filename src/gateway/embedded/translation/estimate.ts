import { isObject } from './json.ts'

/** Text costs a token for every four characters, as the simulated upstreams count it. */
const CHARS_PER_TOKEN = 4
const TURN_TOKENS = 3

/** A rough count of what a request's words cost, where the gateway counts by itself (contract, HTTP 6). */
export function estimateTokens(body: Readonly<Record<string, unknown>>): number {
  const chars =
    textLength(body.messages) +
    textLength(body.input) +
    textLength(body.system) +
    textLength(body.instructions)
  return TURN_TOKENS + Math.ceil((chars + toolLength(body.tools)) / CHARS_PER_TOKEN)
}

function textLength(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + textLength(each), 0)
  if (!isObject(value)) return 0
  return textLength(value.content) + textLength(value.text) + textLength(value.output)
}

const toolLength = (tools: unknown): number => (Array.isArray(tools) ? JSON.stringify(tools).length : 0)
