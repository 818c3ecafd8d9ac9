import type { Clock } from '../core/clock.ts'
import { type ReloadClues, type StallCause, stallCauses } from './stall.ts'

/** What one look at the gateway says about a change. `evidence` and `saw` are one short line without secrets. */
export type Verification =
  | { readonly kind: 'effective'; readonly evidence: string }
  /** May still come: a reload takes a second, and requests can fail while it runs (contract, HTTP 10). */
  | { readonly kind: 'not-yet'; readonly saw: string }
  /** Will not become right by waiting. */
  | { readonly kind: 'wrong'; readonly saw: string }

export interface EffectCheck {
  /** What is looked at and what counts, e.g. `GET /v1/models lists nv/glm-5`. */
  readonly describe: string
  /** Looks once, at the gateway itself: a shared earlier reply would show the old state for ever. */
  verify(signal: AbortSignal): Promise<Verification>
  /** Whether the gateway ever gave a readable answer: "no" and "don't know" are different words. */
  hasAnswered?(): boolean
  /** Asked once when nothing happened, to tell the causes apart. */
  clues?(signal: AbortSignal): Promise<ReloadClues>
}

export type Effect =
  | { readonly kind: 'effective'; readonly evidence: string; readonly afterMs: number }
  | { readonly kind: 'wrong'; readonly saw: string; readonly afterMs: number }
  | {
      readonly kind: 'not-seen'
      readonly saw: string
      readonly waitedMs: number
      readonly causes: readonly StallCause[]
    }
  | { readonly kind: 'interrupted'; readonly afterMs: number }

/** Contract, HTTP 14.20: look every 250 ms, for up to 10 s. */
export const EFFECT_INTERVAL_MS = 250
export const EFFECT_LIMIT_MS = 10_000

export interface Waiting {
  readonly clock: Clock
  /** Ctrl-C or a deadline; ends the wait, never a write. */
  readonly signal: AbortSignal
}

/** Looks until the change took, is seen to be wrong, or 10 s are over; a look that hangs counts as nothing seen. */
export async function awaitEffect(
  check: EffectCheck,
  expectedText: string,
  waiting: Waiting,
): Promise<Effect> {
  const { clock, signal } = waiting
  const startMs = clock.nowMs()
  const elapsedMs = () => clock.nowMs() - startMs
  let saw = 'no answer'
  while (!signal.aborted) {
    const look = await within(EFFECT_LIMIT_MS - elapsedMs(), waiting, (inner) => check.verify(inner))
    if (look.kind === 'done') {
      if (look.value.kind === 'effective') return { ...look.value, afterMs: elapsedMs() }
      if (look.value.kind === 'wrong') return { ...look.value, afterMs: elapsedMs() }
      saw = look.value.saw
    }
    if (signal.aborted) break
    if (elapsedMs() + EFFECT_INTERVAL_MS > EFFECT_LIMIT_MS)
      return notSeen(check, expectedText, waiting, saw, elapsedMs())
    await within(EFFECT_INTERVAL_MS, waiting, (inner) => clock.sleep(EFFECT_INTERVAL_MS, inner))
  }
  return { kind: 'interrupted', afterMs: elapsedMs() }
}

async function notSeen(
  check: EffectCheck,
  expectedText: string,
  waiting: Waiting,
  saw: string,
  waitedMs: number,
): Promise<Effect> {
  // One that says nothing at all gives no reason to look for causes in the file.
  if (check.hasAnswered?.() === false) return { kind: 'not-seen', saw, waitedMs, causes: [] }
  const asked = await within(EFFECT_LIMIT_MS, waiting, async (inner) => (await check.clues?.(inner)) ?? null)
  const clues = asked.kind === 'done' ? asked.value : null
  return { kind: 'not-seen', saw, waitedMs, causes: stallCauses(expectedText, clues) }
}

type Timed<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'cut-off' }

/** Gives `action` a signal that fires with the outer one or after `limitMs`, and does not wait for it any longer. */
async function within<T>(
  limitMs: number,
  { clock, signal }: Waiting,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<Timed<T>> {
  const inner = new AbortController()
  const combined = AbortSignal.any([signal, inner.signal])
  const cutOff = clock.sleep(limitMs, combined).then(
    () => ({ kind: 'cut-off' }) as const,
    () => ({ kind: 'cut-off' }) as const,
  )
  const done = action(combined).then((value) => ({ kind: 'done', value }) as const)
  try {
    return await Promise.race([done, cutOff])
  } catch (error) {
    if (signal.aborted) return { kind: 'cut-off' }
    throw error
  } finally {
    done.catch(() => undefined)
    inner.abort()
  }
}
