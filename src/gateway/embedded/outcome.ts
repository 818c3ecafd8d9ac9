import type { Job } from './attempt.ts'
import type { CoolingRules } from './cooldowns.ts'
import { goDuration } from './go-text.ts'
import { quotaHintMs } from './request-faults.ts'
import type { Candidate } from './routing.ts'
import type { TokenCounts, UpstreamFailure } from './translation/types.ts'
import { totalOf } from './usage.ts'

/** An error in a log line is cut at this length (contract, files 4.5). */
const LOGGED_ERROR_CHARS = 300

/** Who was asked, and since when. */
export interface Served {
  readonly candidate: Candidate
  readonly upstreamModel: string
  readonly startedMs: number
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
