import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Profile } from '../../../../src/gateway/embedded/profile.ts'
import { parseObject } from '../../../../src/gateway/embedded/translation/json.ts'
import { splitEvents } from '../../../../src/gateway/embedded/translation/sse.ts'
import type { JsonBody, UpstreamKind } from '../../../../src/gateway/embedded/translation/types.ts'
import type { Fault } from '../../../../src/gateway/embedded/upstream/types.ts'
import type { Endpoint } from '../../../../src/wire/routes.ts'

const WIRE = new URL('../../../../fixtures/wire/', import.meta.url)

export const GATEWAYS = { upstream: 'upstream', fork: 'fork', 'fork-old': 'forkold' } as const satisfies Partial<
  Record<Profile, string>
>
export type RecordedProfile = keyof typeof GATEWAYS

/** What the recorded providers did, by the last part of the model's name, as faults of the simulated ones. */
export const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  ok: [],
  tool: [{ kind: 'tool-call' }],
  reasoning: [{ kind: 'reasoning' }],
  'finish-length': [{ kind: 'length' }],
  'usage-missing': [{ kind: 'usage', how: 'missing' }],
  'usage-null': [{ kind: 'usage', how: 'null' }],
  'usage-zero': [{ kind: 'usage', how: 'zero' }],
  'usage-diff': [{ kind: 'usage', how: 'different' }],
  'usage-cached': [{ kind: 'usage', how: 'cached' }],
  'wrong-model': [{ kind: 'wrong-model', model: 'some-other-model-1' }],
  cut: [{ kind: 'cut', how: 'close', at: 'middle' }],
  'cut-reset': [{ kind: 'cut', how: 'reset', at: 'middle' }],
  'cut-empty': [{ kind: 'cut', how: 'close', at: 'start' }],
  'no-finish': [{ kind: 'cut', how: 'close', at: 'before-terminal' }],
  'no-done': [{ kind: 'no-done' }],
  'error-in-stream': [{ kind: 'error-in-stream', reason: 'overloaded' }],
}

const KINDS = { '': 'openai', '-codex': 'codex', '-claude': 'claude' } as const satisfies Record<string, UpstreamKind>

export interface Recording {
  readonly name: string
  readonly profile: RecordedProfile
  readonly endpoint: Endpoint
  readonly kind: UpstreamKind
  readonly behaviour: string
  readonly stream: boolean
  readonly request: JsonBody
  readonly status: number
  readonly contentType: string
  readonly body: string
}

const NAME = /^(chat|responses|messages)(-codex|-claude|)(?:-([a-z-]+?))?-(plain|stream)\.json$/

/** The recorded answers to completions whose provider did something this project can simulate. */
export function recordings(profile: RecordedProfile): Recording[] {
  const folder = new URL(`${GATEWAYS[profile]}/`, WIRE)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .flatMap((file) => read(profile, folder, file))
}

function read(profile: RecordedProfile, folder: URL, file: string): Recording[] {
  const [, endpoint, kind = '', named, form] = NAME.exec(file) ?? []
  const behaviour = named === undefined ? 'ok' : named === 'tool-call' ? 'tool' : named
  if (endpoint === undefined || FAULTS[behaviour] === undefined) return []
  const { request, response } = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
  return [
    {
      name: file.replace('.json', ''),
      profile,
      endpoint: endpoint as Endpoint,
      kind: KINDS[kind as keyof typeof KINDS],
      behaviour,
      stream: form === 'stream',
      request: parseObject(request.body) ?? {},
      status: response.status,
      contentType: response.headers['Content-Type'] ?? '',
      body: response.body,
    },
  ]
}

/** Values that are part of the contract; all others are compared by type. */
const TELLING: ReadonlySet<string> = new Set([
  'code',
  'content_index',
  'delta',
  'finish_reason',
  'index',
  'native_finish_reason',
  'object',
  'output_index',
  'reason',
  'role',
  'sequence_number',
  'status',
  'stop_reason',
  'summary_index',
  'type',
])

/** A JSON value reduced to keys, types and telling values. */
export function shapeOf(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => shapeOf(each))
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(entries.map(([name, each]) => [name, shapeOf(each, name)]))
  }
  if (value === null) return null
  return TELLING.has(key) && typeof value !== 'object' ? value : typeof value
}

/** A body as a list of lines: one for plain JSON, one per event of a stream and one for how it ends. */
export function shapeOfBody(body: string, contentType: string): unknown[] {
  if (!contentType.startsWith('text/event-stream')) return [shapeOf(parseObject(body) ?? body)]
  const events = splitEvents(body).map(({ event, data }) => ({ event, data: shapeOf(parseObject(data) ?? data) }))
  return [...events, `ends with ${/\n*$/.exec(body)?.[0].length} newlines`]
}
