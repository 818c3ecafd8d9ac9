import type { Exchange } from '../exchange.ts'
import { goJson } from '../go-text.ts'
import type { Profile } from '../profile.ts'
import { errorBody, errorFrame } from '../translation/errors.ts'
import { objectOf, parseObject } from '../translation/json.ts'
import type { UpstreamFailure } from '../translation/types.ts'

const AGENTS = ['Codex Desktop/', 'codex-tui/', 'codex_cli_rs']

/** Whether a request comes from an official Codex client (contract, HTTP 4.5). */
export function isCodexClient(exchange: Exchange): boolean {
  const agent = exchange.header('user-agent')
  return AGENTS.some((name) => agent.startsWith(name)) || exchange.header('originator').startsWith('codex')
}

/** The frame such a client is sent for a failure inside a stream. */
export function codexFailedFrame(failure: UpstreamFailure, profile: Profile): string {
  const context = { endpoint: 'responses', profile, stream: false } as const
  const { code, message } = parseObject(errorFrame(failure, context).replace(/^[\s\S]*?data: /, '')) ?? {}
  const { type } = objectOf(parseObject(errorBody(failure, context))?.error)
  const error = { code, message, ...(type === undefined ? {} : { type }) }
  const data = { type: 'response.failed', sequence_number: 0, response: { status: 'failed', error } }
  return `\nevent: response.failed\ndata: ${goJson(data)}\n\n`
}
