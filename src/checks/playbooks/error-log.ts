import { type Fields, fieldsOf, textOf } from '../../wire/fields.ts'
import { classifyRefusal, type Refusal } from '../../wire/refusals.ts'
import type { Endpoint } from '../../wire/routes.ts'

/** One failed request as the gateway's error log keeps it (contract, files 4.8). */
export interface LoggedRefusal {
  /** The model the client asked for; null when the request named none. */
  readonly model: string | null
  readonly endpoint: Endpoint
  readonly refusal: Refusal
  /** Whether the request holds an image inside a tool result. */
  readonly toolImage: boolean
}

const SECTION = /^=== (?<title>[A-Z0-9 ]+) ===$/

/** In place of an answer: a bare word of the gateway, which says nothing of a provider, or nothing at all (v6.9.3 of the fork). */
const WORDLESS = /^(?:model_cooldown|auth_unavailable)$|^\[REDACTED\]/

/** Reads an error log; null when it is none, or of a path that no client asks models on. */
export function readErrorLog(text: string, nowMs: number): LoggedRefusal | null {
  const sections = sectionsOf(text)
  const path = /^URL: (?<path>\S+)$/m.exec(sections.get('REQUEST INFO') ?? '')?.groups?.path ?? ''
  const endpoint = endpointOf(path)
  const reply = replyOf(sections.get('RESPONSE') ?? '')
  if (endpoint === null || reply === null || WORDLESS.test(reply.body)) return null
  const request = fieldsIn(sections.get('REQUEST BODY') ?? '')
  return {
    model: textOf(request.model),
    endpoint,
    refusal: classifyRefusal({ ...reply, headers: {}, nowMs }),
    toolImage: hasToolImage(request),
  }
}

function sectionsOf(text: string): ReadonlyMap<string, string> {
  const sections = new Map<string, string[]>()
  let lines: string[] = []
  for (const line of text.split(/\r?\n/)) {
    const title = SECTION.exec(line)?.groups?.title
    if (title === undefined) lines.push(line)
    else {
      lines = []
      sections.set(title, lines)
    }
  }
  return new Map([...sections].map(([title, body]) => [title, body.join('\n').trim()]))
}

function endpointOf(path: string): Endpoint | null {
  if (path.includes('/responses')) return 'responses'
  if (path.includes('/chat/completions')) return 'chat'
  return path.includes('/messages') ? 'messages' : null
}

function replyOf(section: string): { readonly status: number; readonly body: string } | null {
  const status = /^Status: (?<status>\d{3})/.exec(section)?.groups?.status
  if (status === undefined) return null
  const blank = section.indexOf('\n\n')
  return { status: Number(status), body: blank < 0 ? '' : section.slice(blank + 2).trim() }
}

function fieldsIn(text: string): Fields {
  try {
    return fieldsOf(JSON.parse(text))
  } catch {
    return fieldsOf(null)
  }
}

/** Marks of the three payloads for an image behind a tool's output (contract, HTTP 6.1). */
function hasToolImage(request: Fields): boolean {
  const text = JSON.stringify(request.messages ?? request.input ?? null)
  return (
    /"tool_result"|"role":"tool"|"function_call_output"/.test(text) &&
    /"type":"(?:image|image_url|input_image)"/.test(text)
  )
}
