import { valueIn } from '../analysis/quota/cells.ts'
import type { QuotaRow } from '../analysis/quota/rows.ts'
import type { Check, Judgement } from '../core/check.ts'
import { counted, listed } from '../core/text.ts'
import { judgeManagement } from './gateway.ts'
import { cooldownsCheck, refusedCheck } from './quota-benches.ts'
import type { QuotaContext } from './quota-context.ts'
import { quotaData } from './quota-data.ts'
import { leftCheck } from './quota-left.ts'
import { pressureCheck } from './quota-pressure.ts'
import type { QuotaView } from './quota-view.ts'
import { TOKEN_CHECKS } from './tokens.ts'

const credentialsCheck: Check<QuotaContext> = {
  id: 'quota.credentials',
  title: 'the credentials and their counters can be read',
  group: 'quota',
  asks: 'Do the management routes auth-files and api-key-usage answer with readable lists of at least one credential, and how many of them are counted? The whole view of every credential is in the data of this finding, each cell with its source or with the reason why it is not known.',
  why: 'There is no one route for quota; a credential that cannot be seen can be empty.',
  cost: 'reads',
  fix: 'Give the management key; where a version has no counters, give the log with --logs and the token files with --auth-dir.',
  runbook: 'Quota Visibility',
  async ask(context) {
    const management = await context.capabilities.management()
    const view = await context.view()
    const data = quotaData(view)
    if (management.kind !== 'on') return { ...judgeManagement(management, context.clock), data }
    const [trouble] = view.troubles
    return { ...(trouble ?? judgeCredentials(view)), data }
  },
}

function judgeCredentials({ rows, facts }: QuotaView): Judgement {
  const source = 'GET /v0/management/auth-files, /v0/management/api-key-usage'
  if (rows.length === 0)
    return {
      outcome: 'skip',
      saw: 'the gateway lists no credential',
      source,
      next: 'provops onboard adds a provider',
    }
  const providers = new Set(rows.map(({ provider }) => provider))
  const counting = rows.filter(({ requests }) => valueIn(requests) !== null).length
  const all = counting === rows.length
  const parts = [
    `${counted(rows.length, 'credential')} of ${counted(providers.size, 'provider')}, ${all ? 'all' : counting} with counters`,
    all ? '' : uncountedWords(rows),
    facts.accounts.kind === 'untold' ? `accounts: ${facts.accounts.reason}` : '',
    facts.keys.kind === 'untold' ? `keys of config.yaml: ${facts.keys.reason}` : '',
  ]
  const saw = parts.filter((part) => part !== '').join('; ')
  if (all && facts.accounts.kind === 'told') return { outcome: 'pass', saw, source }
  return {
    outcome: 'warn',
    saw,
    source,
    expected: 'every credential with its ten-minute counters',
    why: 'what is not counted can run out unseen',
    next: 'on gateways before v6.9.46 set usage-statistics-enabled: true; else look at the routes with --debug',
  }
}

function uncountedWords(rows: readonly QuotaRow[]): string {
  const reasons = rows.flatMap(({ requests }) => (requests.kind === 'unknown' ? [requests.reason] : []))
  return listed([...new Set(reasons)], 2)
}

/** The runbook's Quota Visibility and the token files behind it. */
export const QUOTA_CHECKS: readonly Check<QuotaContext>[] = [
  credentialsCheck,
  pressureCheck,
  cooldownsCheck,
  refusedCheck,
  leftCheck,
  ...TOKEN_CHECKS,
]
