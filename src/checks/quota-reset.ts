import type { QuotaRow } from '../analysis/quota/rows.ts'
import { ROUTES } from '../wire/routes.ts'
import type { QuotaContext } from './quota-context.ts'
import { shellWord } from './quota-words.ts'

/** Indexes put into one command; the data of the finding has them all. */
const MOST_INDEXES = 3

/** How to clear the benches of these credentials, on a gateway of this kind. Nothing is sent. */
export async function resetSteps(rows: readonly QuotaRow[], context: QuotaContext): Promise<string> {
  const { family } = await context.capabilities.lineage()
  // `reset-quota` came with v7.2.22; neither family had it before (contract, HTTP 8.6).
  if (family === 'old' || family === 'fork-old') return WITHOUT_ROUTE
  // What a gateway calls an index goes into a shell command only if it is one.
  const indexes = rows.flatMap(({ authIndex }) =>
    authIndex !== null && /^[\w-]+$/.test(authIndex) ? [authIndex] : [],
  )
  const left = indexes.length - MOST_INDEXES
  const steps = [
    resetCommand(indexes.slice(0, MOST_INDEXES), context),
    left > 0 ? `and the same for ${left} more: -o json has their indexes` : '',
    rows.some(({ kind }) => kind === 'key') ? KEYS : '',
  ]
  return steps.filter((step) => step !== '').join('\n') || KEYS
}

const WITHOUT_ROUTE =
  'this version has no reset-quota: switch the account off and on again in the panel, or restart the gateway'
const KEYS = 'keys of config.yaml: change a comment in config.yaml, since a reload clears their benches'

/**
 * One line per argument, so that a narrow terminal does not break them. The key comes from a file or variable of the
 * operator through a pipe, so that it stands neither here nor in the list of processes.
 */
function resetCommand(indexes: readonly string[], { gateway, managementKeyWord }: QuotaContext): string {
  const [first = ''] = indexes
  if (first === '') return ''
  const curl = [
    `curl -sS ${shellWord(`${gateway.url}${ROUTES.resetQuota.path}`)} \\`,
    `-H @<(printf 'X-Management-Key: %s' "${managementKeyWord}") \\`,
  ]
  return indexes.length === 1
    ? [...curl, `-d '{"auth_index":"${first}"}'`].join('\n')
    : [`for i in ${indexes.join(' ')}; do`, ...curl, '-d "{\\"auth_index\\":\\"$i\\"}"; done'].join('\n')
}
