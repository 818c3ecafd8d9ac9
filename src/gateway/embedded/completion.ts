import type { IncomingHttpHeaders } from 'node:http'
import { type Attempted, attempt, type Job, type OpenStream } from './attempt.ts'
import type { Refusal } from './client-errors.ts'
import type { CoolingRules } from './cooldowns.ts'
import { goDuration } from './go-text.ts'
import { isRequestFault, quotaHintMs } from './request-faults.ts'
import { type Candidate, coolingMessage, readyInMs, select } from './routing.ts'
import type { TokenCounts, UpstreamFailure } from './translation/types.ts'
import { totalOf } from './usage.ts'

/** Statuses after which another round over the credentials may follow (contract, HTTP 7.4). */
const ROUND_STATUSES: ReadonlySet<number> = new Set([403, 408, 429, 500, 502, 503, 504])
/** An error in a log line is cut at this length (contract, files 4.5). */
const LOGGED_ERROR_CHARS = 300

export type Completed =
  | {
      readonly kind: 'answer'
      readonly text: string
      readonly headers: IncomingHttpHeaders
      readonly served: Served
    }
  | { readonly kind: 'stream'; readonly stream: OpenStream; readonly served: Served }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'gone' }

/** Who serves a stream, and since when, for the record at its end. */
export interface Served {
  readonly candidate: Candidate
  readonly upstreamModel: string
  readonly startedMs: number
}

/** Goes over the credentials, in rounds, until one answers (contract, HTTP 7.4). */
export async function complete(job: Job): Promise<Completed> {
  for (let round = 0; ; round++) {
    const outcome = await oneRound(job)
    if (outcome.kind !== 'refused') return outcome
    const waitMs = nextRoundInMs(job, outcome.refusal, round)
    if (waitMs === null) return outcome
    if (waitMs > 0 && !(await slept(job, waitMs))) return { kind: 'gone' }
  }
}

async function slept({ runtime, exchange }: Job, waitMs: number): Promise<boolean> {
  try {
    await runtime.clock.sleep(waitMs, exchange.gone)
    return true
  } catch {
    return false
  }
}

async function oneRound(job: Job): Promise<Completed> {
  const { runtime, route } = job
  const { maxRetryCredentials } = runtime.config.gateway.settings
  const tried = new Set<string>()
  let last: UpstreamFailure | null = null
  while (maxRetryCredentials === 0 || tried.size < maxRetryCredentials) {
    const selection = select(runtime, route, tried)
    if (selection.kind !== 'selected') {
      if (last) break
      return { kind: 'refused', refusal: localRefusal(job, selection) }
    }
    tried.add(selection.candidate.credential.id)
    const outcome = await tryCandidate(job, selection.candidate)
    if (outcome.kind !== 'failed') return outcome
    last = outcome.failure
    if (outcome.blame === 'request') break
  }
  return { kind: 'refused', refusal: { kind: 'upstream', failure: last ?? { status: 500, text: '' } } }
}

function localRefusal(
  job: Job,
  selection: Exclude<ReturnType<typeof select>, { kind: 'selected' }>,
): Refusal {
  const { runtime, route, exchange } = job
  const message = runtime.traits.attribution === 'warn-lines' ? coolingMessage(runtime, route) : null
  if (message !== null) {
    const { requestId } = exchange
    runtime.log.write({ level: 'warn', caller: 'conductor_selection.go:1838', message, requestId })
  }
  if (selection.kind !== 'cooling') return { kind: 'unavailable', route }
  return { kind: 'cooling', route, waitMs: selection.untilMs - runtime.clock.nowMs() }
}

type Tried =
  | Exclude<Completed, { kind: 'refused' }>
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure; readonly blame: 'credential' | 'request' }

/** Asks one credential, for each name of its pool until one answers. */
async function tryCandidate(job: Job, candidate: Candidate): Promise<Tried> {
  let outcome: Tried | null = null
  for (const upstreamModel of rotated(job, candidate)) {
    const startedMs = job.runtime.clock.nowMs()
    const attempted = await attempt(job, candidate, upstreamModel)
    outcome = settle(job, { candidate, upstreamModel, startedMs }, attempted)
    if (outcome.kind !== 'failed' || outcome.blame === 'request') return outcome
  }
  return (
    outcome ?? { kind: 'failed', failure: { status: 500, text: 'no upstream model' }, blame: 'credential' }
  )
}

function rotated({ runtime, route }: Job, { credential, upstreamNames }: Candidate): readonly string[] {
  if (upstreamNames.length < 2) return upstreamNames
  const name = `${credential.id}\0${route.id}`
  const cursor = runtime.rotation.cursors.get(name) ?? 0
  runtime.rotation.cursors.set(name, cursor + 1)
  const first = cursor % upstreamNames.length
  return [...upstreamNames.slice(first), ...upstreamNames.slice(0, first)]
}

function settle(job: Job, served: Served, attempted: Attempted): Tried {
  switch (attempted.kind) {
    case 'gone':
      return attempted
    case 'stream':
      return { kind: 'stream', stream: attempted.stream, served }
    case 'answer':
      recordSuccess(job, served, attempted.usage, attempted.firstByteMs)
      return { kind: 'answer', text: attempted.text, headers: attempted.headers, served }
    case 'failed': {
      const { failure } = attempted
      const blame = isRequestFault(failure, job.runtime.traits.requestFaults) ? 'request' : 'credential'
      recordFailure(job, served, failure, attempted.cause === 'connection' ? 'nobody' : blame)
      return { kind: 'failed', failure, blame }
    }
  }
}

/** Milliseconds until another round, null for none. */
function nextRoundInMs(job: Job, refusal: Refusal, round: number): number | null {
  const { runtime, route } = job
  const { maxRetryIntervalSeconds } = runtime.config.gateway.settings
  if (round >= roundsFor(job)) return null
  const status = refusal.kind === 'upstream' ? refusal.failure.status : refusal.kind === 'cooling' ? 429 : 503
  if (!ROUND_STATUSES.has(status)) return null
  if (refusal.kind === 'upstream' && isRequestFault(refusal.failure, runtime.traits.requestFaults))
    return null
  const mostMs = maxRetryIntervalSeconds * 1_000
  if (mostMs === 0 && runtime.traits.zeroWaitRounds === 'none') return null
  const waitMs = readyInMs(runtime, route)
  return waitMs === null || waitMs > mostMs ? null : waitMs
}

/** `request-retry`, of the candidate that grants most. */
function roundsFor({ runtime, route }: Job): number {
  const shared = runtime.config.gateway.settings.requestRetry
  const own = route.tiers.flat().map(({ credential }) => credential.requestRetry)
  return Math.max(0, ...own.map((retries) => (retries === 'inherited' ? shared : retries)))
}

/** Counts an answer and clears the bench of the credential. */
export function recordSuccess(
  job: Job,
  served: Served,
  usage: TokenCounts | null,
  firstByteMs: number,
): void {
  const { runtime, route } = job
  const { credential } = served.candidate
  runtime.cooldowns.succeeded(credential.id, route.id)
  record(job, served, { usage, firstByteMs, failure: null })
}

/** Counts a failure, benches the credential where it is to blame, and logs who failed. */
export function recordFailure(
  job: Job,
  served: Served,
  failure: UpstreamFailure,
  blame: 'credential' | 'request' | 'nobody',
): void {
  const { runtime, route, exchange } = job
  const { credential } = served.candidate
  const nowMs = runtime.clock.nowMs()
  exchange.lastRefusal = failure.text
  record(job, served, { usage: null, firstByteMs: 0, failure })
  if (blame === 'credential') {
    const hintMs = runtime.traits.quotaHints === 'followed' ? quotaHintMs(failure, nowMs) : null
    runtime.cooldowns.failed(
      credential.id,
      route.id,
      failure,
      hintMs,
      coolingRules(job, served.candidate),
      nowMs,
    )
  }
  if (blame === 'request' || runtime.traits.attribution === 'none') return
  const duration = goDuration(nowMs - served.startedMs)
  const text =
    failure.text.length > LOGGED_ERROR_CHARS
      ? `${failure.text.slice(0, LOGGED_ERROR_CHARS)}...`
      : failure.text
  runtime.log.write({
    level: 'warn',
    caller: 'conductor_execution.go:1602',
    message: `upstream execution failed: provider=${credential.providerKey} model=${served.upstreamModel} auth=${credential.logName} duration=${duration} err=${text}`,
    requestId: exchange.requestId,
  })
}

function coolingRules({ runtime }: Job, { credential }: Candidate): CoolingRules {
  const { settings } = runtime.config.gateway
  const shared = settings.disableCooling ? 'off' : 'on'
  return {
    cooling: credential.cooling === 'inherited' ? shared : credential.cooling,
    transientSeconds: settings.transientErrorCooldownSeconds,
    otherStatus: runtime.traits.otherStatus,
    modelRefusals: runtime.traits.modelRefusals,
    refusalBench: runtime.traits.refusalBench,
  }
}

interface Outcome {
  readonly usage: TokenCounts | null
  readonly firstByteMs: number
  readonly failure: UpstreamFailure | null
}

function record(job: Job, served: Served, { usage, firstByteMs, failure }: Outcome): void {
  const { runtime, exchange } = job
  const { credential } = served.candidate
  const nowMs = runtime.clock.nowMs()
  const outcome = failure ? 'failed' : 'success'
  const latencyMs = nowMs - served.startedMs
  runtime.counters.credential(credential.id, outcome, nowMs)
  runtime.counters.provider(credential.provider, { outcome, latencyMs, tokens: totalOf(usage) })
  runtime.usage.add({
    timeMs: served.startedMs,
    latencyMs,
    firstByteMs,
    providerKey: credential.providerKey,
    executor: EXECUTORS[credential.target.kind === 'upstream' ? credential.target.speaks : 'openai'],
    upstreamModel: served.upstreamModel,
    requestedModel: job.requestedModel,
    endpoint: `${exchange.method} ${exchange.path}`,
    authType: credential.source.kind === 'file' ? 'oauth' : 'apikey',
    source: credential.source.kind === 'file' ? credential.id : credential.secret,
    authIndex: credential.authIndex,
    requestId: exchange.hasRequestId ? exchange.requestId : '',
    clientKey: exchange.clientKey,
    address: exchange.address,
    userAgent: exchange.header('user-agent'),
    tokens: usage,
    failure,
  })
}

const EXECUTORS = {
  openai: 'OpenAICompatExecutor',
  claude: 'ClaudeExecutor',
  codex: 'CodexExecutor',
} as const
