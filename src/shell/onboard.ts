import { openManagementStore } from '../changes/management-store.ts'
import { ONBOARD_CHANGE_CHECKS, ONBOARD_END_CHECKS, ONBOARD_PLAN_CHECKS } from '../checks/onboard.ts'
import type { Endpoint } from '../wire/routes.ts'
import { openFile, openLastingSession, type StoreOpening } from './change-session.ts'
import { carryOut } from './change-stages.ts'
import { changeWorldOf } from './change-world.ts'
import type { Invocation } from './invocation.ts'
import { OnboardRun, type Terms } from './onboard-run.ts'
import { type Order, readOrder } from './onboard-spec.ts'
import { expandPath } from './paths.ts'
import { type CommandResult, type Refusal, usageError } from './result.ts'
import type { Session } from './session.ts'
import { parseCount, parseDurationMs } from './values.ts'

/** `provops onboard`. */
export async function runOnboard(invocation: Invocation): Promise<CommandResult> {
  const order = await readOrder(invocation)
  if (order.kind === 'refused') return order
  const terms = readTerms(invocation)
  if ('kind' in terms) return terms
  const session = await openLastingSession(invocation)
  if (session.kind === 'refused') return session
  try {
    const opening = await openConfiguration(invocation, session)
    if (opening.kind === 'refused') return opening
    const run = new OnboardRun({
      invocation,
      session,
      world: changeWorldOf(invocation),
      store: opening.store,
      order: withSimulated(order, session),
      terms,
    })
    const stages = {
      command: 'onboard',
      plan: ONBOARD_PLAN_CHECKS,
      change: ONBOARD_CHANGE_CHECKS,
      end: ONBOARD_END_CHECKS,
    }
    return await carryOut(run, stages, invocation, session)
  } finally {
    await session.close()
  }
}

/** `{{upstream:name}}` in a base-url is a simulated provider of the embedded gateway, as in its configurations. */
function withSimulated(order: Order, { embedded }: Session): Order {
  const baseUrl = order.newcomer.baseUrl.replace(
    /\{\{upstream:([^}]+)\}\}/,
    (whole, name: string) => embedded?.upstreams.get(name) ?? whole,
  )
  return { ...order, newcomer: { ...order.newcomer, baseUrl } }
}

/** Where the configuration is written: the file, or the gateway's management routes. */
export async function openConfiguration(
  invocation: Invocation,
  { gateway, embedded }: Session,
): Promise<StoreOpening> {
  const { flags, settings, world } = invocation
  if (flags.text('via') === 'management') {
    if (gateway.hasManagementKey) return { kind: 'store', store: openManagementStore(gateway) }
    return usageError(
      '--via management needs the management key',
      'set PROVOPS_MANAGEMENT_KEY, or give --management-key-file <path>',
    )
  }
  const named = settings.values['config-file']
  const path =
    embedded !== null && !flags.has('config-file')
      ? embedded.configFile
      : named === null
        ? null
        : expandPath(named, world.home, world.cwd)
  if (path === null)
    return usageError(
      'which file the gateway reads is not said',
      'give --config-file <config.yaml>, or --via management',
    )
  return openFile(changeWorldOf(invocation), path)
}

/** The runbook's least time, and about as many canaries as a verdict needs. */
const DEFAULT_MONITOR = '10m'
const MOST_CANARIES = 1000

function readTerms({ flags, settings }: Invocation): Terms | Refusal {
  const text = flags.text('monitor') ?? DEFAULT_MONITOR
  const monitor = parseDurationMs(text)
  if (monitor.kind === 'wrong')
    return usageError(
      `--monitor: ${JSON.stringify(text)} is not ${monitor.expected}`,
      'provops onboard --monitor 10m',
    )
  const canaries = parseCount(
    flags.text('canaries') ?? String(settings.thresholds['error-ratio'].minRequests),
  )
  if (canaries.kind === 'wrong' || canaries.value > MOST_CANARIES)
    return usageError(
      `--canaries: ${JSON.stringify(flags.text('canaries'))} is not a number from 0 to ${MOST_CANARIES}`,
      'provops onboard --help',
    )
  return {
    monitorMs: monitor.value,
    canaries: canaries.value,
    endpoint: (flags.text('endpoint') ?? 'chat') as Endpoint,
  }
}
