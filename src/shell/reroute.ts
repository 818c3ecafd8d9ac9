import type { RerouteInput } from '../analysis/reroute.ts'
import { REROUTE_WAYS, type RerouteWay } from '../analysis/reroute-ways.ts'
import { REROUTE_CHANGE_CHECKS, REROUTE_END_CHECKS, REROUTE_PLAN_CHECKS } from '../checks/reroute.ts'
import { nearest } from '../core/near.ts'
import type { Endpoint } from '../wire/routes.ts'
import { openLastingSession } from './change-session.ts'
import { carryOut } from './change-stages.ts'
import { changeWorldOf } from './change-world.ts'
import type { Invocation } from './invocation.ts'
import { openConfiguration } from './onboard.ts'
import { RerouteRun } from './reroute-run.ts'
import { type CommandResult, type Refusal, usageError } from './result.ts'

/** `provops reroute`. */
export async function runReroute(invocation: Invocation): Promise<CommandResult> {
  const order = readOrder(invocation)
  if ('kind' in order) return order
  const session = await openLastingSession(invocation)
  if (session.kind === 'refused') return session
  try {
    const opening = await openConfiguration(invocation, session)
    if (opening.kind === 'refused') return opening
    const run = new RerouteRun({
      invocation,
      session,
      world: changeWorldOf(invocation),
      store: opening.store,
      order,
      endpoint: (invocation.flags.text('endpoint') ?? 'chat') as Endpoint,
    })
    const stages = {
      command: 'reroute',
      plan: REROUTE_PLAN_CHECKS,
      change: REROUTE_CHANGE_CHECKS,
      end: REROUTE_END_CHECKS,
    }
    return await carryOut(run, stages, invocation, session)
  } finally {
    await session.close()
  }
}

export type RerouteOrder = Omit<RerouteInput, 'text' | 'flavour'>

function readOrder(invocation: Invocation): RerouteOrder | Refusal {
  const { flags } = invocation
  const [from, to] = [flags.text('from'), flags.text('to')]
  if (from === undefined || to === undefined)
    return usageError('from where to where is not said', 'give --from <provider> and --to <provider>')
  if (from.trim().toLowerCase() === to.trim().toLowerCase())
    return usageError(`--from and --to are both ${from}`, 'give two providers')
  const what = readWhat(invocation)
  if (what.kind === 'refused') return what
  const way = (flags.text('by') ?? 'alias') as RerouteWay
  if (!REROUTE_WAYS.includes(way)) return usageError(`--by: ${way} is no way`, 'provops reroute --help')
  return { what, from, to, way, upstreamModel: flags.text('upstream-model') ?? null }
}

function readWhat({ flags, config }: Invocation): RerouteInput['what'] | Refusal {
  const [ids, prefix, workload] = [flags.list('alias'), flags.text('prefix'), flags.text('workload')]
  const given = [ids.length > 0, prefix !== undefined, workload !== undefined].filter(Boolean).length
  if (given !== 1)
    return usageError('what moves is not said, or said twice', 'give one of --alias, --prefix, --workload')
  if (ids.length > 0) return { kind: 'ids', ids }
  if (prefix !== undefined) return { kind: 'prefix', prefix }
  const known = config?.values.workloads ?? []
  const found = known.find(({ name }) => name === workload)
  if (found !== undefined) return { kind: 'ids', ids: found.models }
  const near = nearest(
    workload ?? '',
    known.map(({ name }) => name),
  )
  return usageError(
    `provops.yaml has no workload ${workload}${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}`,
    'name one of `workloads` in provops.yaml',
  )
}
