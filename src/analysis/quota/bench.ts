import type { AuthFile } from '../../wire/management.ts'
import { momentMs } from '../../wire/moments.ts'
import { classifyRefusal } from '../../wire/refusals.ts'
import type { CooldownFile } from '../tokens/cooldown-file.ts'

/** Why a credential is benched, as far as its last refusal tells. */
export type BenchCause = 'quota' | 'credential' | 'model' | 'money' | 'trouble' | 'unknown'

/** A credential that the gateway does not ask at the moment. */
export interface Bench {
  /** `all`: no model is asked of it. `some`: at least one is. */
  readonly scope: 'all' | 'some'
  /** The benched models where they are told. */
  readonly models: readonly string[]
  /** Null: not told. */
  readonly untilMs: number | null
  readonly cause: BenchCause
  /** When the provider said that it would serve again; null: it did not say. */
  readonly resetMs: number | null
  /** The plan that the refusal named. */
  readonly plan: string | null
}

/**
 * The bench that an entry of `auth-files` shows; null when there is none. Only an account with every used model benched
 * is `unavailable`; one that answers another model shows just its error, without an end (contract, HTTP 8.6).
 */
export function benchOfAccount(file: AuthFile, nowMs: number): Bench | null {
  if (file.disabled || (!file.unavailable && file.status !== 'error')) return null
  const untilMs = momentMs(file.nextRetryAfter)
  if (untilMs !== null && untilMs <= nowMs) return null
  const writtenMs = momentMs(file.updatedAt) ?? nowMs
  const facts = refusalFacts(file.statusMessage ?? '', null, writtenMs)
  return { scope: file.unavailable ? 'all' : 'some', models: [], untilMs, ...facts }
}

/** The bench that a `.cds` file shows; null when everything in it is over. */
export function benchOfCooldowns(file: CooldownFile, nowMs: number): Bench | null {
  const live = file.records.filter(({ untilMs }) => untilMs > nowMs)
  const [longest] = live.toSorted((a, b) => b.untilMs - a.untilMs)
  if (!longest) return null
  const whole = live.find(({ model }) => model === null)
  const lead = whole ?? longest
  const text = lead.message !== '' ? lead.message : lead.reason
  const facts = refusalFacts(text, lead.status, lead.writtenMs ?? nowMs)
  return {
    scope: whole ? 'all' : 'some',
    models: live.flatMap(({ model }) => model ?? []).sort(),
    untilMs: lead.untilMs,
    ...facts,
    cause: GATEWAY_WORDS[lead.reason] ?? facts.cause,
  }
}

/** What both sources tell of one credential; the cooldown file knows the models, the route what holds now. */
export function joinBenches(route: Bench | null, file: Bench | null): Bench | null {
  if (!route || !file) return route ?? file
  return {
    scope: route.scope,
    models: file.models,
    untilMs: route.untilMs ?? file.untilMs,
    cause: route.cause === 'unknown' ? file.cause : route.cause,
    resetMs: route.resetMs ?? file.resetMs,
    plan: route.plan ?? file.plan,
  }
}

function refusalFacts(text: string, status: number | null, writtenMs: number) {
  const word = GATEWAY_WORDS[text.trim().toLowerCase()]
  if (word !== undefined) return { cause: word, resetMs: null, plan: null }
  // The status is not part of the text; 200 lets the text decide (`RefusalFacts.status`).
  const refusal = classifyRefusal({
    status: status ?? 200,
    headers: {},
    body: text,
    nowMs: writtenMs,
  })
  const { wait, plan } = refusal
  return {
    cause: BENCH_CAUSES[refusal.cause] ?? (text === '' ? 'unknown' : 'trouble'),
    resetMs: wait === null ? null : writtenMs + wait.delayMs,
    plan,
  }
}

/** What gateways write in place of a provider's answer (contract, files 3.6). */
const GATEWAY_WORDS: Readonly<Record<string, BenchCause>> = {
  quota: 'quota',
  'quota exhausted': 'quota',
  unauthorized: 'credential',
  invalid_grant: 'credential',
  payment_required: 'money',
  not_found: 'model',
  model_not_supported: 'model',
  'transient upstream error': 'trouble',
  'request failed': 'trouble',
  'cloudflare challenge': 'trouble',
}

const BENCH_CAUSES: Partial<Record<ReturnType<typeof classifyRefusal>['cause'], BenchCause>> = {
  quota: 'quota',
  rate: 'quota',
  cooldown: 'quota',
  money: 'money',
  credential: 'credential',
  account: 'credential',
  model: 'model',
  entitlement: 'model',
  unknown: 'unknown',
}

/** What says that a bench outlasts its reason. */
export type Staleness =
  /** The provider has quota for this credential right now. */
  | { readonly kind: 'quota-left'; readonly remaining: number }
  /** The moment that the provider named is over. */
  | { readonly kind: 'reset-passed'; readonly resetMs: number }
  /** It will go on for `beyondMs` after the moment that the provider named. */
  | { readonly kind: 'beyond-reset'; readonly resetMs: number; readonly beyondMs: number }
  /** So long that quota often comes back before, and nothing here tells whether it has. */
  | { readonly kind: 'long'; readonly leftMs: number }

/** Gateways add some random seconds to what a provider named, and clocks differ. */
const MARGIN_MS = 10 * 60_000

/**
 * The longest of the short windows that plans are metered by is five hours. Beyond it a weekly or monthly limit stands,
 * which providers give back before its time now and then; the gateway notices that only after a reset by hand.
 */
const LONG_MS = 6 * 3_600_000

/** Null when the bench is in order, or has nothing to do with quota. `remaining` is the quota left, where a route tells. */
export function stalenessOf(bench: Bench, remaining: number | null, nowMs: number): Staleness | null {
  if (bench.cause !== 'quota') return null
  if (remaining !== null && remaining > 0) return { kind: 'quota-left', remaining }
  const { resetMs, untilMs } = bench
  if (untilMs === null) return resetMs !== null && resetMs + MARGIN_MS < nowMs ? passed(resetMs) : null
  if (resetMs !== null && untilMs > resetMs + MARGIN_MS)
    return resetMs + MARGIN_MS < nowMs
      ? passed(resetMs)
      : { kind: 'beyond-reset', resetMs, beyondMs: untilMs - resetMs }
  return untilMs - nowMs > LONG_MS ? { kind: 'long', leftMs: untilMs - nowMs } : null
}

function passed(resetMs: number): Staleness {
  return { kind: 'reset-passed', resetMs }
}
