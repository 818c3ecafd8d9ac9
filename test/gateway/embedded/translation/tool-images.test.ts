import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseObject } from '../../../../src/gateway/embedded/translation/json.ts'
import { TRANSLATIONS } from '../../../../src/gateway/embedded/translation/table.ts'
import type { Call, JsonBody, UpstreamKind } from '../../../../src/gateway/embedded/translation/types.ts'
import { refusalOf } from '../../../../src/gateway/embedded/upstream/refusals.ts'
import { reply } from '../../../../src/gateway/embedded/upstream/reply.ts'
import { survey } from '../../../../src/gateway/embedded/upstream/survey.ts'
import type { Fault } from '../../../../src/gateway/embedded/upstream/types.ts'
import type { Endpoint } from '../../../../src/wire/routes.ts'

/** The recorded gateways, by the profile that imitates each. */
const GATEWAYS = { upstream: 'upstream', fork: 'fork', 'fork-old': 'forkold' } as const
type RecordedProfile = keyof typeof GATEWAYS

const WIRE = new URL('../../../../fixtures/wire/', import.meta.url)
const NAME = /^tool-image-(chat|responses|messages)-to-(compat|codex|claude)-(accept|drop|refuse)\.json$/
const KINDS = { compat: 'openai', codex: 'codex', claude: 'claude' } as const
const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  accept: [],
  drop: [{ kind: 'images', how: 'dropped' }],
  refuse: [{ kind: 'images', how: 'refused' }],
}

interface ImageRecording {
  readonly name: string
  readonly endpoint: Endpoint
  readonly kind: UpstreamKind
  readonly faults: readonly Fault[]
  readonly request: JsonBody
  readonly status: number
  readonly body: string
}

function imageRecordings(profile: RecordedProfile): ImageRecording[] {
  const folder = new URL(`${GATEWAYS[profile]}/`, WIRE)
  return readdirSync(folder).flatMap((file) => {
    const [, endpoint, kind, behaviour] = NAME.exec(file) ?? []
    if (endpoint === undefined || behaviour === undefined) return []
    const { request, response } = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
    return [
      {
        name: file.replace('.json', ''),
        endpoint: endpoint as Endpoint,
        kind: KINDS[kind as keyof typeof KINDS],
        faults: FAULTS[behaviour] ?? [],
        request: parseObject(request.body) ?? {},
        status: response.status,
        body: response.body,
      },
    ]
  })
}

/** What the model says when the gateway's translated request reaches it. */
function seenBehind(profile: RecordedProfile, recording: ImageRecording): { status: number; says: string } {
  const { endpoint, kind, faults, request } = recording
  const call: Call = {
    profile,
    requestedModel: 'any',
    upstreamModel: 'any',
    body: request,
    stream: false,
    nowMs: 0,
    newHex: (length) => 'a'.repeat(length),
  }
  const seen = survey(TRANSLATIONS[endpoint][kind].request(call).body)
  const refusal = faults
    .map((fault) => refusalOf(fault, { kind, model: 'any', survey: seen, nowMs: 0 }))
    .find((each) => each !== null)
  if (refusal) return { status: refusal.status, says: '' }
  return { status: 200, says: reply(seen, { id: '', nowMs: 0, model: 'any', faults }).text }
}

for (const profile of Object.keys(GATEWAYS) as RecordedProfile[])
  describe(`an image in a tool result behind profile ${profile}`, () => {
    for (const recording of imageRecordings(profile))
      it(`fares as recorded in ${recording.name}`, () => {
        const { status, says } = seenBehind(profile, recording)
        expect(status).toBe(recording.status)
        expect(recording.body).toContain(says)
      })
  })
