import type { Counters } from './counters.ts'
import type { Credential } from './credentials.ts'
import type { PastFailure } from './error-logs.ts'
import { accessEntry, logLine } from './log-line.ts'
import type { Traits } from './profile.ts'
import type { Random } from './random.ts'
import type { PastFailures, PastNoise, PastRequests, PastSpan, Scenario } from './scenario.ts'
import type { Usage } from './usage.ts'

export interface HistoryWorld {
  readonly scenario: Scenario
  readonly traits: Traits
  readonly credentials: readonly Credential[]
  readonly counters: Counters
  readonly usage: Usage
  readonly random: Random
  readonly startMs: number
}

/** What the traffic before the start left behind on disk. */
export interface Past {
  /** In order of time. */
  readonly lines: readonly PastLine[]
  /** Failures the clients saw, in order of time. */
  readonly failures: readonly PastFailure[]
}

/** One record of `main.log`, with the time it is sorted by. */
export interface PastLine {
  readonly timeMs: number
  readonly text: string
}

/** Tokens that a past answer is taken to have cost; the scenario does not say. */
const PAST_TOKENS = { input: 120, output: 48, total: 168, cached: 0, reasoning: 0 } as const
/** A local refusal takes next to no time (contract, files 4.5). */
const LOCAL_LATENCY_MS = 2
const LOOPBACK = '127.0.0.1'
const PATHS = {
  responses: '/v1/responses',
  chat: '/v1/chat/completions',
  messages: '/v1/messages',
} as const

/** Fills counters and buckets with the traffic before the start, and returns what it left on disk. */
export function replayHistory(world: HistoryWorld): Past {
  const replay: Replay = { ...world, usageSinceMs: world.usage.keptSinceMs(world.startMs) }
  const traces: Traces = { lines: [], failures: [] }
  for (const past of world.scenario.history.requests) replayRequests(past, replay, traces)
  for (const noise of world.scenario.history.noise) replayNoise(noise, replay, traces.lines)
  traces.lines.sort((a, b) => a.timeMs - b.timeMs)
  traces.failures.sort((a, b) => a.timeMs - b.timeMs)
  return traces
}

interface Replay extends HistoryWorld {
  /** Usage records of an earlier time are of no use now. */
  readonly usageSinceMs: number
}

interface Traces {
  readonly lines: PastLine[]
  readonly failures: PastFailure[]
}

function replayRequests(past: PastRequests, world: Replay, traces: Traces): void {
  const credential = credentialNamed(world.credentials, past.provider, past.credential)
  for (const stepMs of stepsOf(past, world.startMs)) {
    const fates = spreadFailures(past.requests, past.failed)
    const gapMs = past.everyMs / Math.max(1, fates.length)
    fates.forEach((failure, i) => {
      const timeMs = Math.floor(stepMs + gapMs * (i + world.random.next()))
      if (timeMs < world.startMs) replayRequest({ past, failure, credential, timeMs }, world, traces)
    })
  }
}

interface PastRequest {
  readonly past: PastRequests
  readonly failure: PastFailures | null
  readonly credential: Credential | null
  readonly timeMs: number
}

function replayRequest(request: PastRequest, world: Replay, { lines, failures }: Traces): void {
  const { past, failure, credential, timeMs } = request
  const requestId = world.random.hex(8)
  const isLocal = failure?.by === 'local'
  const latencyMs = isLocal
    ? LOCAL_LATENCY_MS
    : Math.round(past.latencyMs * (0.7 + 0.6 * world.random.next()))
  const moment = { timeMs, latencyMs, requestId }
  if (!isLocal) countAttempt(past, credential, failure, moment, world)
  if (failure?.by === 'hidden') countHidden(past, failure, moment, world)
  const warning = failure ? warningOf(request, failure, world) : null
  if (warning !== null)
    lines.push({
      timeMs,
      text: logLine({
        timeMs,
        level: 'warn',
        caller: 'conductor_execution.go:1602',
        message: warning,
        requestId,
      }),
    })
  const status = failure && failure.by !== 'hidden' ? failure.status : 200
  const path = PATHS[past.endpoint]
  if (status >= 400)
    failures.push({ path, model: past.model, timeMs, requestId, status, text: failure?.text ?? '' })
  lines.push(accessLine(moment, { status, method: 'POST', path, address: LOOPBACK }, world))
}

interface Moment {
  readonly timeMs: number
  readonly latencyMs: number
  /** Undefined where the gateway gives none. */
  readonly requestId: string | undefined
}

function countAttempt(
  past: PastRequests,
  credential: Credential | null,
  failure: PastFailures | null,
  moment: Moment,
  world: Replay,
): void {
  const outcome = failure ? 'failed' : 'success'
  if (credential) world.counters.credential(credential.id, outcome, moment.timeMs)
  world.counters.provider(credential?.provider ?? past.provider, {
    outcome,
    latencyMs: moment.latencyMs,
    tokens: failure ? 0 : PAST_TOKENS.total,
  })
  if (moment.timeMs >= world.usageSinceMs) addUsage(past, credential, failure, moment, world)
}

function countHidden(past: PastRequests, failure: PastFailures, moment: Moment, world: Replay): void {
  if (!failure.answeredBy) return
  const { provider, credential } = failure.answeredBy
  countAttempt(past, credentialNamed(world.credentials, provider, credential), null, moment, world)
}

function addUsage(
  past: PastRequests,
  credential: Credential | null,
  failure: PastFailures | null,
  { timeMs, latencyMs, requestId }: Moment,
  world: HistoryWorld,
): void {
  world.usage.add({
    timeMs,
    latencyMs,
    firstByteMs: latencyMs,
    providerKey: credential?.providerKey ?? past.provider,
    executor: '',
    upstreamModel: past.model,
    requestedModel: past.model,
    endpoint: `POST ${PATHS[past.endpoint]}`,
    authType: credential?.source.kind === 'file' ? 'oauth' : 'apikey',
    source: credential?.secret ?? '',
    authIndex: credential?.authIndex ?? '',
    requestId: requestId ?? '',
    clientKey: world.scenario.keys.client[0] ?? null,
    address: LOOPBACK,
    userAgent: '',
    tokens: failure ? null : PAST_TOKENS,
    failure: failure ? { status: failure.status, text: failure.text ?? '' } : null,
  })
}

/** The line of a provider's refusal or of a bench, where the version writes one (contract, files 4.5). */
function warningOf(
  { past, credential }: PastRequest,
  failure: PastFailures,
  world: HistoryWorld,
): string | null {
  if (world.traits.attribution === 'none') return null
  const provider = credential?.providerKey ?? past.provider
  const name = credential?.logName ?? 'unknown'
  if (failure.by === 'local') {
    if (failure.status !== 429 && failure.status !== 503) return null
    const reason = failure.status === 429 ? 'quota' : 'unauthorized'
    return `auth unavailable: 1 of 1 candidate(s) for model "${past.model}" (provider=${provider}) are in cooldown: [${name}, reason=${reason}, remaining=1m0s]`
  }
  return `upstream execution failed: provider=${provider} model=${past.model} auth=${name} duration=${past.latencyMs}ms err=${failure.text ?? `status ${failure.status}`}`
}

function replayNoise(noise: PastNoise, world: HistoryWorld, lines: PastLine[]): void {
  for (const stepMs of stepsOf(noise, world.startMs)) {
    for (let i = 0; i < noise.count; i++) {
      const timeMs = Math.floor(stepMs + (noise.everyMs / noise.count) * (i + world.random.next()))
      if (timeMs >= world.startMs) continue
      const requestId = noise.path.startsWith('/v1/') ? world.random.hex(8) : undefined
      lines.push(accessLine({ timeMs, latencyMs: noise.latencyMs, requestId }, noise, world))
    }
  }
}

type PastAccess = Pick<PastNoise, 'status' | 'method' | 'path' | 'address'>

function accessLine(
  { timeMs, latencyMs, requestId }: Moment,
  { status, method, path, address }: PastAccess,
  { traits }: HistoryWorld,
): PastLine {
  const { level, caller, message } = accessEntry(
    { status, latencyMs, address, method, target: path },
    traits.callers,
  )
  return { timeMs, text: logLine({ timeMs, level, caller, message, requestId }) }
}

/** The beginning of each step of a span, oldest first. */
function stepsOf({ fromMs, untilMs, everyMs }: PastSpan, startMs: number): number[] {
  const steps: number[] = []
  for (let t = startMs - fromMs; t < startMs - untilMs; t += everyMs) steps.push(t)
  return steps
}

/** One fate per request, failures of every kind among them and spread evenly. */
function spreadFailures(requests: number, failed: readonly PastFailures[]): (PastFailures | null)[] {
  const failures = failed.flatMap((each) => Array.from({ length: each.count }, () => each))
  const fates: (PastFailures | null)[] = Array.from(
    { length: Math.max(requests, failures.length) },
    () => null,
  )
  failures.forEach((failure, i) => {
    fates[Math.floor(((i + 0.5) * fates.length) / failures.length)] = failure
  })
  return fates
}

/** By entry name or channel, then by API key or file name; null when there is none. */
export function credentialNamed(
  credentials: readonly Credential[],
  provider: string,
  key: string | null,
): Credential | null {
  const ofProvider = credentials.filter((each) => each.provider === provider || each.providerKey === provider)
  if (key === null) return ofProvider[0] ?? null
  return ofProvider.find((each) => each.secret === key || each.id === key) ?? null
}
