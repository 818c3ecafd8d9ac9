import { expect, test } from 'vitest'
import { awaitEffect, type EffectCheck, type Verification } from '../../src/changes/effect.ts'
import { sleepingClock } from './support/world.ts'

const NEVER = new AbortController().signal

function checkOf(...looks: readonly Verification[]): EffectCheck & { asked: number } {
  const check = {
    describe: 'GET /v1/models lists nv/glm',
    asked: 0,
    verify: async () => looks[Math.min(check.asked++, looks.length - 1)] as Verification,
  }
  return check
}

const waiting = (signal = NEVER) => ({ clock: sleepingClock(), signal })

test('looks every 250 ms until the change shows', async () => {
  const check = checkOf(
    { kind: 'not-yet', saw: '503' },
    { kind: 'not-yet', saw: '4 models' },
    { kind: 'effective', evidence: '5 models' },
  )
  const clock = sleepingClock()
  const startMs = clock.nowMs()
  const seenAtMs: number[] = []
  const timed: EffectCheck = {
    describe: check.describe,
    verify: (signal) => {
      seenAtMs.push(clock.nowMs() - startMs)
      return check.verify(signal)
    },
  }
  expect(await awaitEffect(timed, '', { clock, signal: NEVER })).toEqual({
    kind: 'effective',
    evidence: '5 models',
    afterMs: 500,
  })
  expect(seenAtMs).toEqual([0, 250, 500])
})

test('ends at once when the change is wrong', async () => {
  const check = checkOf({ kind: 'wrong', saw: 'nv/glm twice' })
  expect(await awaitEffect(check, '', waiting())).toMatchObject({ kind: 'wrong', saw: 'nv/glm twice' })
  expect(check.asked).toBe(1)
})

test('gives up after 10 s with the last thing seen and the three causes', async () => {
  const effect = await awaitEffect(checkOf({ kind: 'not-yet', saw: '4 models' }), 'a: 1\n', waiting())
  expect(effect).toMatchObject({ kind: 'not-seen', saw: '4 models' })
  if (effect.kind !== 'not-seen') return
  expect(effect.waitedMs).toBeLessThanOrEqual(10_000)
  expect(effect.causes.map((cause) => cause.id).sort()).toEqual(['invalid-yaml', 'lost-watch', 'wrong-file'])
  expect(effect.causes.map((cause) => cause.standing)).toEqual(['possible', 'possible', 'possible'])
})

test('asks for clues once, and only when nothing was seen', async () => {
  let asked = 0
  const clues = async () => {
    asked++
    return { servedText: 'a: 1\n', logLines: [] }
  }
  await awaitEffect({ ...checkOf({ kind: 'effective', evidence: '' }), clues }, 'a: 1\n', waiting())
  expect(asked).toBe(0)
  const effect = await awaitEffect({ ...checkOf({ kind: 'not-yet', saw: '' }), clues }, 'a: 1\n', waiting())
  expect(asked).toBe(1)
  expect(effect).toMatchObject({ causes: [{ id: 'lost-watch', standing: 'seen' }, {}, {}] })
})

test('a look that never answers is cut off and counts as nothing seen', async () => {
  let signalOfLook: AbortSignal | undefined
  const hanging: EffectCheck = {
    describe: '',
    verify: (signal) => {
      signalOfLook = signal
      return new Promise(() => undefined)
    },
  }
  expect(await awaitEffect(hanging, '', waiting())).toMatchObject({ kind: 'not-seen', saw: 'no answer' })
  expect(signalOfLook?.aborted).toBe(true)
})

test('an interruption ends the wait, also in the middle of a look', async () => {
  const controller = new AbortController()
  const check: EffectCheck = {
    describe: '',
    verify: async (signal) => {
      controller.abort('SIGINT')
      signal.throwIfAborted()
      return { kind: 'effective', evidence: '' }
    },
  }
  expect(await awaitEffect(check, '', waiting(controller.signal))).toMatchObject({ kind: 'interrupted' })
})

test('a defect in a check is not taken for a missing effect', async () => {
  const broken: EffectCheck = { describe: '', verify: async () => Promise.reject(new TypeError('defect')) }
  await expect(awaitEffect(broken, '', waiting())).rejects.toThrow('defect')
})
