import type { FallbackPlan } from '../analysis/spark-mitigation.ts'
import { planFallback } from '../analysis/spark-mitigation.ts'
import { maskedDiff } from '../changes/diff.ts'
import { type Asked, askPlain, PROBE_TIMEOUT_MS } from '../checks/ask-model.ts'
import type { NamedKey } from '../checks/daily-context.ts'
import { SPARK_CHECKS } from '../checks/spark.ts'
import { AUTO_MITIGATION_CHECKS, type AutoMitigation } from '../checks/spark-apply.ts'
import type { SparkModels } from '../checks/spark-context.ts'
import type { ConfigText, MitigationContext } from '../checks/spark-mitigation.ts'
import type { Finding } from '../core/finding.ts'
import type { Attachment } from '../core/report.ts'
import type { Endpoint } from '../wire/routes.ts'
import { diffAttachments } from './change-terms.ts'
import { changeWorldOf } from './change-world.ts'
import { readConfigText } from './config-text.ts'
import { readGatewayLog } from './gateway-log.ts'
import { givenPathsProblem } from './given-paths.ts'
import type { Invocation } from './invocation.ts'
import { judge } from './judge.ts'
import { once } from './once.ts'
import { type CommandResult, type Refusal, usageError } from './result.ts'
import type { Session } from './session.ts'
import { announceRequests } from './spark-announce.ts'
import { sparkModels } from './spark-models.ts'
import { parseCount, parseDurationMs } from './values.ts'
import { watchInterval, watchRounds } from './watch.ts'

/** Beyond this a mistyped number costs real money. */
const MOST_SAMPLES = 200

const UNKEYED: readonly NamedKey[] = [{ index: 0, name: 'no key' }]

interface Order {
  readonly spark: SparkModels
  readonly endpoint: Endpoint
  readonly windowMs: number
  readonly samples: number
  readonly probes: 'on' | 'off'
}

/** `provops spark-check`. */
export async function runSparkCheck(invocation: Invocation): Promise<CommandResult> {
  const order = readOrder(invocation)
  if ('kind' in order) return order
  const problem = await givenPathsProblem(invocation, ['config-file', 'logs'])
  if (problem) return problem
  const interval = watchInterval(invocation)
  if (interval !== null && 'kind' in interval) return interval
  const proposals: Proposal[] = []
  const context = async (session: Session, signal: AbortSignal) => {
    proposals.length = 0
    return contextOf(invocation, session, order, signal, (plan, config) => proposals.push({ plan, config }))
  }
  const attachments = async () => proposals.flatMap((proposal) => diffOf(proposal, invocation))
  if (!invocation.flags.has('auto-mitigate')) {
    return judge<MitigationContext>(invocation, {
      name: 'spark-check',
      checks: SPARK_CHECKS,
      context,
      attachments,
      watch: interval && watchRounds(invocation, interval.everyMs, () => []),
    })
  }
  const { Mitigation } = await import('./spark-mitigate.ts')
  const mitigation = new Mitigation(invocation, proposals)
  try {
    return await judge<AutoMitigation>(invocation, {
      name: 'spark-check',
      checks: [...SPARK_CHECKS, ...AUTO_MITIGATION_CHECKS],
      context: async (session, signal) => mitigation.extend(await context(session, signal), session),
      fold: mitigatedNow,
      attachments,
    })
  } finally {
    await mitigation.close()
  }
}

/** What called for a change that was made and seen in this run is no failure any more; whether it helps is to be seen. */
function mitigatedNow(findings: readonly Finding[]): readonly Finding[] {
  if (!findings.some(({ id, outcome }) => id === 'spark.verified' && outcome === 'pass')) return findings
  return findings.map((finding) =>
    ['spark.error-ratio', 'spark.mitigation'].includes(finding.id)
      ? { ...finding, outcome: 'warn', saw: `${finding.saw}; mitigated in this run`, next: HELPED }
      : finding,
  )
}

const HELPED = 'see whether the fallback answers now: provops spark-check --sample 25'

function readOrder(invocation: Invocation): Order | Refusal {
  const { flags, settings } = invocation
  const threshold = settings.thresholds['spark-error-ratio']
  const windowText = flags.text('window')
  const window = windowText === undefined ? null : parseDurationMs(windowText)
  if (window?.kind === 'wrong')
    return usageError(
      `--window: ${JSON.stringify(windowText)} is not ${window.expected}`,
      'provops spark-check --window 10m',
    )
  const samples = parseCount(flags.text('sample') ?? '0')
  if (samples.kind === 'wrong' || samples.value > MOST_SAMPLES) {
    return usageError(
      `--sample: ${JSON.stringify(flags.text('sample'))} is not a number from 0 to ${MOST_SAMPLES}`,
      'provops spark-check --sample 20',
    )
  }
  return {
    spark: sparkModels(invocation),
    endpoint: (flags.text('endpoint') ?? 'responses') as Endpoint,
    windowMs: window?.value ?? threshold.windowMs,
    samples: samples.value,
    probes: flags.has('probe') && !flags.has('no-probe') ? 'on' : 'off',
  }
}

async function contextOf(
  invocation: Invocation,
  session: Session,
  order: Order,
  signal: AbortSignal,
  propose: MitigationContext['propose'],
): Promise<MitigationContext> {
  const { world, settings } = invocation
  const { gateway, capabilities, keys } = session
  const { spark, endpoint, windowMs } = order
  const named = keys.map(({ name }, index) => ({ index, name }))
  const ask = (model: string, key: NamedKey): Promise<Asked> =>
    askPlain(
      { gateway, clock: world.clock },
      {
        endpoint,
        model,
        prompt: 'ping',
        as: gateway.clientKeys > 0 ? key.index : 'none',
        timeoutMs: settings.origins.timeout === 'default' ? PROBE_TIMEOUT_MS : settings.values.timeout,
        signal,
      },
    )
  const askOnce = onceEach(ask)
  const probes = order.probes === 'on' ? Math.max(1, named.length) + 1 : 0
  announceRequests(invocation, probes, `${spark.model} and ${spark.fallback}`)
  return {
    gateway,
    capabilities,
    clock: world.clock,
    keys: named.length > 0 ? named : UNKEYED,
    spark,
    endpoint,
    threshold: { ...settings.thresholds['spark-error-ratio'], windowMs },
    log: once(() => readGatewayLog(invocation, session, { kind: 'ago', ms: windowMs })),
    ask: askOnce,
    probe: order.probes === 'on' ? askOnce : null,
    samples: once(() => {
      announceRequests(invocation, order.samples, spark.model)
      return takeSamples(order, () => ask(spark.model, named[0] ?? { index: 0, name: 'no key' }), signal)
    }),
    configText: once(() => readConfigText(invocation, session)),
    planFallback: (text) => planFallback(text, spark),
    propose,
  }
}

function onceEach(ask: (model: string, key: NamedKey) => Promise<Asked>) {
  const asked = new Map<string, Promise<Asked>>()
  return (model: string, key: NamedKey) => {
    const name = `${key.index} ${model}`
    const answer = asked.get(name) ?? ask(model, key)
    asked.set(name, answer)
    return answer
  }
}

/** One after the other: a burst of samples could itself run into a limit. */
async function takeSamples(
  { samples }: Order,
  ask: () => Promise<Asked>,
  signal: AbortSignal,
): Promise<readonly Asked[]> {
  const taken: Asked[] = []
  while (taken.length < samples && !signal.aborted) taken.push(await ask())
  return taken
}

/** A change that is due, and the text it was planned for. */
export interface Proposal {
  readonly plan: FallbackPlan & { kind: 'planned' | 'in-place' }
  readonly config: ConfigText & { kind: 'text' }
}

function diffOf({ plan, config }: Proposal, invocation: Invocation): readonly Attachment[] {
  const diff = maskedDiff('config.yaml', config.text, plan.after, changeWorldOf(invocation).mask)
  const title = plan.kind === 'planned' ? 'the change that is due' : 'the way back'
  return diffAttachments(title, diff)
}
