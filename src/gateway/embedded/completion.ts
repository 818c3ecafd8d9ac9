import type { IncomingHttpHeaders } from 'node:http'
import { selectFor } from './affinity.ts'
import { type Attempted, attempt, type Job, type OpenStream } from './attempt.ts'
import type { Refusal } from './client-errors.ts'
import { recordFailure, recordSuccess, type Served } from './outcome.ts'
import { isRequestFault } from './request-faults.ts'
import { type Candidate, coolingMessage, readyInMs, type Selection } from './routing.ts'
import type { UpstreamFailure } from './translation/types.ts'

/** Statuses after which another round over the credentials may follow (contract, HTTP 7.4). */
const ROUND_STATUSES: ReadonlySet<number> = new Set([403, 408, 429, 500, 502, 503, 504])

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
  const { runtime, route, session, exchange } = job
  const { maxRetryCredentials } = runtime.config.gateway.settings
  const tried = new Set<string>()
  let last: UpstreamFailure | null = null
  while (maxRetryCredentials === 0 || tried.size < maxRetryCredentials) {
    const selection = selectFor(runtime, route, tried, session, exchange.requestId)
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

function localRefusal(job: Job, selection: Exclude<Selection, { kind: 'selected' }>): Refusal {
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
