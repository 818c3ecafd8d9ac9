import { QUOTA_CHECKS } from '../checks/quota.ts'
import { quotaChanges } from '../checks/quota-changes.ts'
import type { DirectoryReading, QuotaContext } from '../checks/quota-context.ts'
import { quotaTables, type TableLook } from '../checks/quota-table.ts'
import { askQuota } from '../checks/quota-view.ts'
import { readAuthDir } from './auth-dir.ts'
import { readGatewayLog } from './gateway-log.ts'
import { givenPathsProblem } from './given-paths.ts'
import type { Invocation } from './invocation.ts'
import { judge } from './judge.ts'
import { managementKeyWord } from './management-key-word.ts'
import { once } from './once.ts'
import { lookOf } from './output.ts'
import { withoutTimes } from './own-times.ts'
import { expandPath } from './paths.ts'
import { type CommandResult, type Refusal, usageError } from './result.ts'
import type { Session } from './session.ts'
import { parseDurationMs } from './values.ts'
import { watchInterval, watchRounds } from './watch.ts'

/** `provops quota`. */
export async function runQuota(invocation: Invocation): Promise<CommandResult> {
  const interval = watchInterval(invocation)
  if (interval && 'kind' in interval) return interval
  // A directory of token files that cannot be read is a finding of its own.
  const problem = await givenPathsProblem(invocation, ['logs'])
  if (problem !== null) return problem
  const look = tableLook(invocation)
  return judge<QuotaContext>(invocation, {
    name: 'quota',
    checks: QUOTA_CHECKS,
    fold: withoutTimes,
    context: (session, signal) => contextOf(invocation, session, signal),
    // A quiet run is about what is wrong, and the findings say that.
    attachments: async ({ learned }) =>
      learned.view === null || invocation.flags.has('quiet') ? [] : quotaTables(learned.view, look),
    conclude: (_report, context, session) => remember(context, session),
    watch: interval && watchRounds(invocation, interval.everyMs, changesBetween),
  })
}

function tableLook(invocation: Invocation): TableLook {
  const { unicode, detail } = lookOf(invocation)
  const verbose = detail === 'verbose' || invocation.settings.values.output === 'wide'
  return { charset: unicode ? 'unicode' : 'ascii', detail: verbose ? 'verbose' : 'normal' }
}

function changesBetween(
  { learned: before }: QuotaContext,
  { learned: now }: QuotaContext,
): readonly string[] {
  return before.view && now.view ? quotaChanges(before.view, now.view) : []
}

/** So that the next run within the hour has a window; an embedded gateway counts from its start, which is this run's. */
async function remember({ learned, gateway }: QuotaContext, { state, embedded }: Session): Promise<void> {
  if (learned.totals && !embedded) await state.rememberTotals(gateway.url, learned.totals)
}

async function contextOf(
  invocation: Invocation,
  session: Session,
  signal: AbortSignal,
): Promise<QuotaContext | Refusal> {
  const { settings, world, flags } = invocation
  const sampleText = flags.text('sample')
  const sample = sampleText === undefined ? null : parseDurationMs(sampleText)
  if (sample?.kind === 'wrong')
    return usageError(
      `--sample: ${JSON.stringify(sampleText)} is not ${sample.expected}`,
      'provops quota --sample 30s',
    )
  const { gateway, capabilities, state } = session
  const learned: QuotaContext['learned'] = { totals: null, view: null }
  const context: QuotaContext = {
    gateway,
    capabilities,
    clock: world.clock,
    thresholds: settings.thresholds,
    emails: flags.has('show-emails') ? 'shown' : 'masked',
    managementKeyWord: managementKeyWord(invocation),
    rememberedTotals: await state.totals(gateway.url),
    sampleMs: sample?.value ?? null,
    learned,
    log: once(() => readGatewayLog(invocation, session, LOG_SPAN)),
    directory: once(() => directoryOf(invocation, session)),
    view: once(async () => {
      const view = await askQuota(context, signal)
      learned.view = view
      return view
    }),
  }
  return context
}

/** The window that is judged is at most twenty minutes long; lines before it only cost time. */
const LOG_SPAN = { kind: 'ago', ms: 30 * 60_000 } as const

async function directoryOf(
  { settings, world }: Invocation,
  { embedded }: Session,
): Promise<DirectoryReading> {
  const given = settings.values['auth-dir']
  // The settings speak of the live gateway; the embedded one has a directory of its own.
  const path =
    given !== null && (embedded === null || settings.origins['auth-dir'] === '--auth-dir')
      ? expandPath(given, world.home, world.cwd)
      : (embedded?.authDir ?? null)
  if (path !== null) return readAuthDir(path, world.clock)
  return {
    kind: 'none',
    saw: 'no directory of token files was given',
    next: 'give the auth-dir of config.yaml with --auth-dir <path>, if it is on this machine',
  }
}
