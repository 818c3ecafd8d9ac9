import type { CooldownReason } from './scenario.ts'
import type { UpstreamFailure } from './translation/types.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Contract, HTTP 7.4 and files 3.6. */
const REFUSED_MS = 30 * MINUTE_MS
const NOT_FOUND_MS = 12 * HOUR_MS
const TRANSIENT_MS = 60_000
const QUOTA_BASE_MS = 1_000
const QUOTA_MAX_MS = 30 * MINUTE_MS

export interface CoolingRules {
  /** `disable-cooling`, of the credential or of the whole gateway. */
  readonly cooling: 'on' | 'off'
  /** `transient-error-cooldown-seconds`: 0 stands for 60, negative for none. */
  readonly transientSeconds: number
  /** A status that no rule names. */
  readonly otherStatus: 'benched' | 'free'
  readonly modelRefusals: 'benched' | 'free'
  /** Whether switching cooling off lifts the bench after 401, 402, 403 and 404, too. */
  readonly refusalBench: 'switchable' | 'always'
}

export interface Block {
  /** Only quota makes the 429 of `model_cooldown`; all else is `auth_unavailable` (contract, HTTP 7.2). */
  readonly reason: 'quota' | 'other'
  readonly word: CooldownReason | 'transient'
  readonly untilMs: number
}

export interface CredentialHealth {
  readonly status: 'active' | 'error'
  readonly message: string
  /** Every model that was ever benched is benched now. */
  readonly unavailable: boolean
  readonly nextRetryMs: number | null
}

/** Cooldown of credentials per model, on the lent clock. Model names are the client-visible ones. */
export interface Cooldowns {
  block(credential: string, model: string, nowMs: number): Block | null
  /** True when the credential's bench hides the id from the model list (contract, HTTP 2.6). */
  suspended(credential: string, model: string, nowMs: number): boolean
  failed(
    credential: string,
    model: string,
    failure: UpstreamFailure,
    hintMs: number | null,
    rules: CoolingRules,
    nowMs: number,
  ): void
  succeeded(credential: string, model: string): void
  /** Puts a credential on the bench without a request: the state a scenario starts in. */
  bench(credential: string, model: string, reason: CooldownReason, untilMs: number, message: string): void
  /** Clears a credential; returns the models that had a state. */
  reset(credential: string): string[]
  health(credential: string, nowMs: number): CredentialHealth
  /** Forgets credentials that are no longer configured. */
  keepOnly(credentials: ReadonlySet<string>): void
}

interface State {
  word: CooldownReason | 'transient' | null
  untilMs: number
  backoffLevel: number
  message: string
}

export function createCooldowns(): Cooldowns {
  const credentials = new Map<string, Map<string, State>>()

  const stateOf = (credential: string, model: string): State => {
    let models = credentials.get(credential)
    if (!models) {
      models = new Map()
      credentials.set(credential, models)
    }
    let state = models.get(model)
    if (!state) {
      state = { word: null, untilMs: 0, backoffLevel: 0, message: '' }
      models.set(model, state)
    }
    return state
  }

  const block = (credential: string, model: string, nowMs: number): Block | null => {
    const state = credentials.get(credential)?.get(model)
    if (!state || state.word === null || state.untilMs <= nowMs) return null
    return {
      reason: state.word === 'quota' ? 'quota' : 'other',
      word: state.word,
      untilMs: state.untilMs,
    }
  }

  return {
    block,
    suspended(credential, model, nowMs) {
      const word = block(credential, model, nowMs)?.word
      return word !== undefined && word !== 'quota' && word !== 'transient'
    },
    failed(credential, model, failure, hintMs, rules, nowMs) {
      const state = stateOf(credential, model)
      const sentence = sentenceFor(failure, state, hintMs, rules, nowMs)
      state.message = failure.text
      state.word = sentence?.word ?? null
      state.untilMs = sentence?.untilMs ?? 0
      state.backoffLevel = sentence?.backoffLevel ?? state.backoffLevel
    },
    succeeded(credential, model) {
      // The state stays: a credential is unavailable only when every model it was asked for is benched.
      const state = stateOf(credential, model)
      state.word = null
      state.untilMs = 0
      state.backoffLevel = 0
      state.message = ''
    },
    bench(credential, model, reason, untilMs, message) {
      Object.assign(stateOf(credential, model), { word: reason, untilMs, message })
    },
    reset(credential) {
      const models = [...(credentials.get(credential)?.keys() ?? [])]
      credentials.delete(credential)
      return models.sort()
    },
    health(credential, nowMs) {
      return healthOf([...(credentials.get(credential)?.values() ?? [])], nowMs)
    },
    keepOnly(kept) {
      for (const credential of credentials.keys()) if (!kept.has(credential)) credentials.delete(credential)
    },
  }
}

type Sentence = Pick<State, 'word' | 'untilMs'> & { readonly backoffLevel?: number }

const TRANSIENT: ReadonlySet<number> = new Set([408, 500, 502, 503, 504])

/** Null: no bench follows. */
function sentenceFor(
  { status, text }: UpstreamFailure,
  state: State,
  hintMs: number | null,
  { cooling, transientSeconds, otherStatus, modelRefusals, refusalBench }: CoolingRules,
  nowMs: number,
): Sentence | null {
  // The one bench that `disable-cooling` does not lift.
  if (modelRefusals === 'benched' && isModelRefusal(status, text))
    return { word: 'model_not_supported', untilMs: nowMs + NOT_FOUND_MS }
  const isOff = cooling === 'off'
  if (isOff && refusalBench === 'switchable') return null
  if (status === 401) return { word: 'unauthorized', untilMs: nowMs + REFUSED_MS }
  if (status === 402 || status === 403) return { word: 'payment_required', untilMs: nowMs + REFUSED_MS }
  if (status === 404) return { word: 'not_found', untilMs: nowMs + NOT_FOUND_MS }
  if (isOff) return null
  if (status === 429) return quotaSentence(state, hintMs, nowMs)
  if (transientSeconds < 0 || (otherStatus === 'free' && !TRANSIENT.has(status))) return null
  return { word: 'transient', untilMs: nowMs + (transientSeconds * 1_000 || TRANSIENT_MS) }
}

function quotaSentence(state: State, hintMs: number | null, nowMs: number): Sentence {
  const running = state.word === 'quota' && state.untilMs > nowMs ? state.untilMs : 0
  if (hintMs !== null) return { word: 'quota', untilMs: Math.max(nowMs + hintMs, running) }
  if (running > 0) return { word: 'quota', untilMs: running }
  const waitMs = QUOTA_BASE_MS * 2 ** state.backoffLevel
  if (waitMs >= QUOTA_MAX_MS) return { word: 'quota', untilMs: nowMs + QUOTA_MAX_MS }
  return { word: 'quota', untilMs: nowMs + waitMs, backoffLevel: state.backoffLevel + 1 }
}

const MODEL_REFUSALS = [
  'model_not_supported',
  'requested model is not supported',
  'requested model is unsupported',
  'requested model is unavailable',
  'model is not supported',
  'model not supported',
  'unsupported model',
  'model unavailable',
  'not available for your plan',
  'not available for your account',
]

/** A 400 or 422 that says that the provider does not serve the model at all (contract, files 3.6). */
export function isModelRefusal(status: number, text: string): boolean {
  if (status !== 400 && status !== 422) return false
  const lower = text.toLowerCase()
  return MODEL_REFUSALS.some((words) => lower.includes(words))
}

function healthOf(states: readonly State[], nowMs: number): CredentialHealth {
  const benched = states.filter((s) => s.word !== null && s.untilMs > nowMs)
  const last = states.findLast((s) => s.message !== '')
  if (!last && benched.length === 0)
    return { status: 'active', message: '', unavailable: false, nextRetryMs: null }
  const unavailable = states.length > 0 && benched.length === states.length
  return {
    status: 'error',
    message: last?.message ?? '',
    unavailable,
    nextRetryMs: unavailable ? Math.min(...benched.map((s) => s.untilMs)) : null,
  }
}
