import { describe, expect, it } from 'vitest'
import { errorBody } from '../../../../src/gateway/embedded/translation/errors.ts'
import { TRANSLATIONS } from '../../../../src/gateway/embedded/translation/table.ts'
import type { Call, UpstreamFailure, UpstreamRequest } from '../../../../src/gateway/embedded/translation/types.ts'
import { chatFormat } from '../../../../src/gateway/embedded/upstream/chat.ts'
import { claudeFormat } from '../../../../src/gateway/embedded/upstream/claude.ts'
import { reply } from '../../../../src/gateway/embedded/upstream/reply.ts'
import { responsesFormat } from '../../../../src/gateway/embedded/upstream/responses.ts'
import { stage } from '../../../../src/gateway/embedded/upstream/send.ts'
import { survey } from '../../../../src/gateway/embedded/upstream/survey.ts'
import { FAULTS, GATEWAYS, type Recording, recordings, type RecordedProfile, shapeOfBody } from './recordings.ts'

const FORMATS = { openai: chatFormat, codex: responsesFormat, claude: claudeFormat } as const

interface Provided {
  readonly text: string
  readonly ending: 'closed' | 'reset'
}

/** What the simulated provider answers to a translated request. */
function provide(recording: Recording, request: UpstreamRequest): Provided {
  const faults = FAULTS[recording.behaviour] ?? []
  const format = FORMATS[recording.kind]
  const said = reply(survey(request.body), {
    id: 'answer_1',
    nowMs: 1_790_000_000_000,
    model: String(request.body.model),
    faults,
  })
  if (!request.streamed) {
    const text = JSON.stringify(format.plain(said))
    const cut = faults.find((fault) => fault.kind === 'cut')
    if (cut?.at === 'start') return { text: '', ending: 'closed' }
    return { text, ending: cut && cut.at === 'middle' ? 'reset' : 'closed' }
  }
  const options = request.body.stream_options as { include_usage?: boolean } | undefined
  const script = format.stream(said, {
    withUsage: options?.include_usage === true,
    withDone: !faults.some(({ kind }) => kind === 'no-done'),
  })
  const { frames, ending } = stage(script, faults)
  return { text: frames.join(''), ending: ending === 'reset' ? 'reset' : 'closed' }
}

interface Answered {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** What a gateway makes of it, without anything but the translation. */
function answer(recording: Recording): Answered {
  const { endpoint, kind, profile, request, stream } = recording
  const translation = TRANSLATIONS[endpoint][kind]
  const call: Call = {
    profile,
    requestedModel: String(request.model),
    upstreamModel: 'upstream-model',
    body: request,
    stream,
    nowMs: 1_790_000_000_000,
    newHex: (length) => 'a'.repeat(length),
  }
  const provided = provide(recording, translation.request(call))
  const refused = (failure: UpstreamFailure): Answered => ({
    status: failure.status,
    contentType: 'application/json',
    body: errorBody(failure, { endpoint, profile, stream }),
  })
  if (!stream) {
    if (provided.ending === 'reset' && !translation.request(call).streamed)
      return refused({ status: 500, text: 'unexpected EOF' })
    const plain = translation.answer(provided.text, call)
    return plain.kind === 'failed'
      ? refused(plain.failure)
      : { status: 200, contentType: 'application/json', body: plain.text }
  }
  const translator = translation.stream(call)
  const pushed = translator.push(provided.text)
  const last = pushed.kind === 'open' ? translator.end(provided.ending) : null
  const text = pushed.text + (last?.text ?? '')
  const failed = last?.kind === 'failed' ? last : pushed.kind === 'failed' ? pushed : null
  if (failed && text === '') return refused(failed.failure)
  const body = failed ? text + translator.errorFrame(failed.failure) : text
  return { status: 200, contentType: 'text/event-stream', body }
}

/** Differences from the recorded gateways that nobody but a byte-wise reader can see, and why they stay. */
const KNOWN: Readonly<Record<string, string>> = {}

for (const profile of Object.keys(GATEWAYS) as RecordedProfile[])
  describe(`the translation of profile ${profile}`, () => {
    for (const recording of recordings(profile))
      it.skipIf(KNOWN[`${profile} ${recording.name}`] !== undefined)(`answers ${recording.name} as recorded`, () => {
        const { status, contentType, body } = answer(recording)
        expect({ status, lines: shapeOfBody(body, contentType) }).toEqual({
          status: recording.status,
          lines: shapeOfBody(recording.body, recording.contentType),
        })
      })
  })
