import { DAILY_CHECKS } from '../checks/daily.ts'
import type { DailyContext, LogReading } from '../checks/daily-context.ts'
import { rateLimitsIn } from '../checks/log-bursts.ts'
import type { Report } from '../core/report.ts'
import { readGatewayLog } from './gateway-log.ts'
import type { Invocation } from './invocation.ts'
import { type JudgingCommand, judge } from './judge.ts'
import { firstKeyName } from './memory.ts'
import { once } from './once.ts'
import { type CommandResult, type Refusal, usageError } from './result.ts'
import type { Session } from './session.ts'
import { sparkModels } from './spark-models.ts'
import { parseDurationMs } from './values.ts'

/** Asks the daily checks; of the session when it is open already. */
export function judgeDaily(invocation: Invocation, session: Session | null): Promise<CommandResult> {
  const command: JudgingCommand<DailyContext> = {
    name: 'daily-check',
    checks: DAILY_CHECKS,
    context: (opened) => contextOf(invocation, opened),
    conclude: (report, context, opened) => remember(report, context, opened, invocation),
  }
  return judge(invocation, command, session)
}

const UNKEYED = [{ index: 0, name: 'no key' }]

async function contextOf(invocation: Invocation, session: Session): Promise<DailyContext | Refusal> {
  const { settings, world } = invocation
  const sampleText = invocation.flags.text('sample')
  const sample = sampleText === undefined ? null : parseDurationMs(sampleText)
  if (sample?.kind === 'wrong')
    return usageError(
      `--sample: ${JSON.stringify(sampleText)} is not ${sample.expected}`,
      'provops daily-check --sample 30s',
    )
  const { gateway, capabilities, state, keys } = session
  const log = once(() => readGatewayLog(invocation, session))
  const named = keys.map(({ name }, index) => ({ index, name }))
  const [rememberedInventory, rememberedTotals] = await Promise.all([
    state.inventory(memoryOf(session), firstKeyName(keys)),
    state.totals(memoryOf(session)),
  ])
  return {
    gateway,
    capabilities,
    clock: world.clock,
    keys: named.length > 0 ? named : UNKEYED,
    thresholds: settings.thresholds,
    expectedModels: settings.values['expect-model'],
    spark: sparkModels(invocation),
    rememberedInventory,
    rememberedTotals,
    sampleMs: sample?.value ?? null,
    log,
    recentLog: once(() => readRecentLog(invocation, session)),
    learned: { models: null, totals: null },
    rateLimitsInLog: async () => {
      const reading = await log()
      const fromMs = world.clock.nowMs() - settings.thresholds['rate-limit-share'].windowMs
      return reading.kind === 'scanned' ? rateLimitsIn(reading.scan, fromMs) : null
    },
  }
}

/** What is remembered belongs to a gateway; an embedded one has another port every time, so its scenario stands for it. */
function memoryOf({ embedded, gateway }: Session): string {
  return embedded ? `embedded ${embedded.scenario} ${embedded.profile}` : gateway.url
}

/** Only a green run, or `--accept-models`, makes its list the reference: a bad day must not become the norm. */
async function remember(
  report: Report,
  { learned }: DailyContext,
  session: Session,
  { world, flags }: Invocation,
): Promise<void> {
  const { state, embedded } = session
  const { totals, models } = learned
  await Promise.all([
    // An embedded gateway counts from its start, which is this run's.
    totals && !embedded ? state.rememberTotals(memoryOf(session), totals) : null,
    models && (report.verdict === 'passed' || flags.has('accept-models'))
      ? state.rememberInventory(memoryOf(session), firstKeyName(session.keys), {
          atMs: world.clock.nowMs(),
          shape: models.shape,
          models: models.models,
        })
      : null,
  ])
}

async function readRecentLog(invocation: Invocation, session: Session): Promise<LogReading> {
  const { logs } = invocation.settings.values
  if (logs === '-')
    return { kind: 'none', saw: 'the log came from standard input', next: '--logs <file|directory>' }
  const { windowMs } = invocation.settings.thresholds['error-ratio']
  return readGatewayLog(invocation, session, { kind: 'ago', ms: windowMs })
}
