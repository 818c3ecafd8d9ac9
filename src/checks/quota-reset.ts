import type { QuotaRow } from '../analysis/quota/rows.ts'
import { shellWord } from '../core/text.ts'
import type { Gateway } from '../gateway/port.ts'
import type { Capabilities } from '../gateway/probe.ts'
import { ROUTES } from '../wire/routes.ts'

/** What a printed command needs to reach the management routes. */
export interface ManagementReach {
  readonly gateway: Pick<Gateway, 'url'>
  readonly capabilities: Capabilities
  /** Stands for the management key in printed commands, e.g. `$PROVOPS_MANAGEMENT_KEY`; never the key. */
  readonly managementKeyWord: string
}

/** Indexes put into one command; the data of the finding has them all. */
const MOST_INDEXES = 3

/** How to clear the benches of these credentials, on a gateway of this kind. Nothing is sent. */
export async function resetSteps(rows: readonly QuotaRow[], reach: ManagementReach): Promise<string> {
  if (!(await hasResetRoute(reach.capabilities))) return WITHOUT_ROUTE
  const steps = [
    resetCommand(
      rows.flatMap(({ authIndex }) => authIndex ?? []),
      reach,
    ),
    rows.some(({ kind }) => kind === 'key') ? KEYS : '',
  ]
  return steps.filter((step) => step !== '').join('\n') || KEYS
}

/** `reset-quota` came with v7.2.22; neither family had it before (contract, HTTP 8.6). */
export async function hasResetRoute(capabilities: Capabilities): Promise<boolean> {
  const { family } = await capabilities.lineage()
  return family !== 'old' && family !== 'fork-old'
}

/** The way to end a bench where there is no route for it. */
export const WITHOUT_ROUTE =
  'this version has no reset-quota: switch the account off and on again in the panel, or restart the gateway'
const KEYS = 'keys of config.yaml: change a comment in config.yaml, since a reload clears their benches'

/**
 * Clears the benches of these accounts, for a shell; empty without a usable index. One line per argument, so that a
 * narrow terminal does not break them. The key comes from a file or variable of the operator through a pipe, so that it
 * stands neither here nor in the list of processes.
 */
export function resetCommand(
  authIndexes: readonly string[],
  { gateway, managementKeyWord }: Pick<ManagementReach, 'gateway' | 'managementKeyWord'>,
): string {
  // What a gateway calls an index goes into a shell command only if it is one.
  const usable = authIndexes.filter((index) => /^[\w-]+$/.test(index))
  const [first = ''] = usable
  if (first === '') return ''
  const curl = [
    `curl -sS ${shellWord(`${gateway.url}${ROUTES.resetQuota.path}`)} \\`,
    `-H @<(printf 'X-Management-Key: %s' "${managementKeyWord}") \\`,
  ]
  if (usable.length === 1) return [...curl, `-d '{"auth_index":"${first}"}'`].join('\n')
  const [shown, left] = [usable.slice(0, MOST_INDEXES), usable.length - MOST_INDEXES]
  return [
    `for i in ${shown.join(' ')}; do`,
    ...curl,
    '-d "{\\"auth_index\\":\\"$i\\"}"; done',
    ...(left > 0 ? [`and the same for ${left} more: -o json has their indexes`] : []),
  ].join('\n')
}
