import { describe, expect, it } from 'vitest'
import type { Answer } from '../../src/wire/answers.ts'
import { stated } from '../../src/wire/usage.ts'
import { type RecordedAnswer, readRecorded, recordedAnswers } from './recordings.ts'

/**
 * What a recording is by its name, the first pattern that fits: the answer's kind, with the rule of a refusal or the
 * reason of an unreadable one behind the colon. Several where gateways or translations differ.
 */
const EXPECTED: readonly (readonly [RegExp, ...string[]])[] = [
  [/^no-key$/, 'refused:key-missing'],
  [/^wrong-key$/, 'refused:key-invalid'],
  [/^(?:empty-body|no-model)$/, 'refused:model-not-named'],
  [/^model-unknown|^upstream-name-behind-alias$/, 'refused:model-unknown'],
  [/^cloaked-id$/, 'complete', 'refused:model-unknown'],
  [/^template-key-/, 'complete', 'refused:safe-mode'],

  [/^400-/, 'refused:bad-request'],
  [/^401-.*upstream$/, 'refused:credential-refused'],
  [/^402-upstream$/, 'refused:payment-required'],
  [/^403-upstream$/, 'refused:region'],
  [/^403-text-upstream$/, 'refused:forbidden'],
  [/^40[34]-html-upstream$/, 'refused:provider-page'],
  [/^404-upstream$/, 'refused:model-not-found'],
  [/^404-plain-upstream$/, 'refused:provider-path-missing'],
  [/^413-/, 'refused:too-large'],
  [/429-(?:plain|stream|upstream|retry-after-upstream)$/, 'refused:rate-limited'],
  [/429-usage-upstream$|^stale-cooldown-1/, 'refused:plan-limit'],
  [/429-.*cooldown$/, 'refused:model-cooldown'],
  [/^500-(?:plain|stream|upstream)$/, 'refused:upstream-error'],
  [/^50[23]-html-upstream$/, 'refused:provider-page'],
  [/^5(?:03|29)-upstream$|^529-(?:plain|stream)$/, 'refused:capacity'],
  [/^context-length-/, 'refused:context-overflow'],
  [/^spark-.*upstream$/, 'refused:plan-without-model'],
  [/^spark-/, 'refused:plan-without-model', 'refused:auth-unavailable'],
  [/^close-/, 'refused:provider-unreachable'],
  [/^keepalive-.*-error-plain$/, 'refused:upstream-error', 'refused:auth-unavailable'],
  // Some translations lose the image or the refusal on the way.
  [/^tool-image-.*-refuse$/, 'refused:tool-image', 'complete'],

  [/^cut-empty-|^html-/, 'refused:no-answer', 'refused:stream-cut', 'unreadable:html'],
  [/^badjson-/, 'refused:no-answer', 'refused:upstream-error', 'unreadable:half-json'],
  [/^(?:cut|cut-reset|cut-codex-client|error-in-stream)-stream$/, 'interrupted'],
  [/^cut-(?:reset-)?plain$/, 'refused:stream-cut'],
  [/^error-in-stream-plain$/, 'complete', 'refused:capacity', 'refused:stream-cut'],
  // Gateways differ in whether they make up for a missing finish reason or `[DONE]`, or lose a real one.
  [/^no-(?:finish|done)-stream$/, 'complete', 'interrupted'],
  [/^no-finish-plain$/, 'complete', 'refused:stream-cut'],
  [/^finish-length-/, 'incomplete', 'complete', 'interrupted', 'refused:stream-cut'],
  [/^auto-model$/, 'complete', 'incomplete'],
  [/^stale-cooldown-|^after-reset-quota$/, 'complete', 'refused'],
  [/-then$/, 'refused'],
]

/** A fork's release that hands answers and events on in the provider's shape, or wrapped twice. */
const UNTRANSLATED = 'fork693'

function expectedOf(recording: RecordedAnswer): readonly string[] {
  const [, ...kinds] = EXPECTED.find(([pattern]) => pattern.test(recording.what)) ?? [null]
  const expected = kinds.length > 0 ? kinds : [recording.status < 400 ? 'complete' : 'refused']
  return recording.folder === UNTRANSLATED ? [...expected, 'unreadable', 'refused:no-answer'] : expected
}

function labelsOf(answer: Answer): readonly string[] {
  if (answer.kind === 'refused') return ['refused', `refused:${answer.refusal.rule}`]
  return answer.kind === 'unreadable' ? ['unreadable', `unreadable:${answer.why}`] : [answer.kind]
}

const recordings = recordedAnswers()

describe('an answer recorded from a real gateway', () => {
  const folders = [...new Set(recordings.map(({ folder }) => folder))]
  it.each(folders)('in %s is what its name says', async (folder) => {
    const misread: string[] = []
    for (const recording of recordings.filter((other) => other.folder === folder)) {
      const labels = labelsOf(await readRecorded(recording))
      const expected = expectedOf(recording)
      const fits = labels.some((label) => expected.includes(label))
      if (fits && !labels.includes('refused:unrecognised')) continue
      misread.push(`${recording.name}: ${labels.at(-1)} instead of ${expected.join(' or ')}`)
    }
    expect(misread).toEqual([])
  })

  it('is recorded for all endpoints of the three gateways', () => {
    const kinds = new Set(recordings.map(({ folder, endpoint, asked }) => `${folder} ${endpoint} ${asked}`))
    for (const folder of ['upstream', 'fork', 'forkold']) {
      for (const endpoint of ['responses', 'chat', 'messages']) {
        expect(kinds).toContain(`${folder} ${endpoint} plain`)
        expect(kinds).toContain(`${folder} ${endpoint} stream`)
      }
    }
  })

  it('is the same when it comes in small chunks', async () => {
    const streams = recordings.filter(
      ({ folder, asked, status }) => folder === 'upstream' && asked === 'stream' && status === 200,
    )
    expect(streams.length).toBeGreaterThan(50)
    for (const recording of streams) {
      expect(await readRecorded(recording, 7)).toEqual(await readRecorded(recording))
    }
  })

  it('cut at any byte is never whole with other numbers', async () => {
    const streams = recordings.filter(({ what, folder }) => what === 'stream' && folder !== UNTRANSLATED)
    for (const recording of streams) {
      const whole = await readRecorded(recording)
      for (let length = 0; length < recording.body.length; length += 11) {
        const cut = await readRecorded({ ...recording, body: recording.body.slice(0, length) })
        if (cut.kind === 'complete' && whole.kind === 'complete') expect(cut.usage).toEqual(whole.usage)
      }
    }
  })

  it('says pong, and what it cost', async () => {
    const whole = recordings.filter(
      ({ what, folder }) => /^(?:plain|stream)$/.test(what) && folder !== UNTRANSLATED,
    )
    for (const recording of whole) {
      const answer = await readRecorded(recording)
      if (answer.kind !== 'complete') throw new Error(`${recording.folder}/${recording.name}: ${answer.kind}`)
      expect(answer.content.text.head).toBe('pong')
      // Old forks lose the usage of streams from OpenAI-compatible providers.
      if (recording.folder !== 'forkold') expect(stated(answer.usage.output)).toBe(1)
    }
  })
})
