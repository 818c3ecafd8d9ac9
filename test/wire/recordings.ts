import { readdirSync, readFileSync } from 'node:fs'
import { readPlainAnswer } from '../../src/wire/answer-plain.ts'
import { readStreamedAnswer } from '../../src/wire/answer-stream.ts'
import type { Answer } from '../../src/wire/answers.ts'
import { ENDPOINTS, type Endpoint } from '../../src/wire/routes.ts'
import { encode, inChunks } from './streams.ts'

const WIRE = new URL('../../fixtures/wire/', import.meta.url)

/** A recorded answer of a real gateway on one of the three endpoints. */
export interface RecordedAnswer {
  readonly folder: string
  /** The file's name without endpoint, provider and `.json`: what happens in it. */
  readonly what: string
  readonly name: string
  readonly endpoint: Endpoint
  readonly asked: 'plain' | 'stream'
  readonly model: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Recording {
  readonly request: { readonly method: string; readonly path: string; readonly body: string | null }
  readonly response: {
    readonly status: number
    readonly headers: Record<string, string>
    readonly body: string | null
  }
}

/** All recorded answers, by folder and name. */
export function recordedAnswers(): RecordedAnswer[] {
  const folders = readdirSync(WIRE, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return folders.flatMap(({ name: folder }) =>
    readdirSync(new URL(`${folder}/`, WIRE))
      .filter((file) => file.endsWith('.json'))
      .map((file) => recordedAnswer(folder, file.replace(/\.json$/, '')))
      .filter((answer) => answer !== null),
  )
}

function recordedAnswer(folder: string, name: string): RecordedAnswer | null {
  const { request, response } = JSON.parse(
    readFileSync(new URL(`${folder}/${name}.json`, WIRE), 'utf8'),
  ) as Recording
  const endpoint = (Object.keys(ENDPOINTS) as Endpoint[]).find(
    (key) => ENDPOINTS[key].path === request.path.split('?')[0],
  )
  if (endpoint === undefined || request.method !== 'POST') return null
  const { model, stream } = asked(request.body)
  const headers = Object.entries(response.headers).map(([key, value]) => [key.toLowerCase(), String(value)])
  return {
    folder,
    name,
    what: name.replace(/^(?:chat|responses|messages)-?/, '').replace(/^(?:claude|codex)-?/, ''),
    endpoint,
    // `/v1/messages` streams unless `stream` is false (contract, HTTP 6).
    asked:
      stream === true || (endpoint === 'messages' && stream !== undefined && stream !== false)
        ? 'stream'
        : 'plain',
    model,
    status: response.status,
    headers: Object.fromEntries(headers),
    body: response.body ?? '',
  }
}

function asked(body: string | null): { model: string; stream?: unknown } {
  try {
    const { model, stream } = JSON.parse(body ?? '{}')
    return { model: String(model ?? ''), stream }
  } catch {
    return { model: '' }
  }
}

/** Reads a recording the way a client would, cut into chunks of the given size. */
export function readRecorded(recording: RecordedAnswer, chunkBytes?: number): Promise<Answer> {
  const { endpoint, status, headers, body } = recording
  const head = { endpoint, status, headers, nowMs: 0 }
  if (recording.asked === 'plain') return Promise.resolve(readPlainAnswer(head, body))
  return readStreamedAnswer(head, inChunks(encode(body), chunkBytes === undefined ? [] : [chunkBytes]))
}
