import type { Told } from '../analysis/quota/cells.ts'
import { countedCredentials } from '../analysis/quota/counters.ts'
import type { QuotaFacts } from '../analysis/quota/facts.ts'
import { countsOf, grouped } from '../analysis/quota/group.ts'
import { CredentialNames, type EmailDisplay } from '../analysis/quota/names.ts'
import type { PressureEvidence } from '../analysis/quota/pressure.ts'
import { type QuotaRow, quotaRows } from '../analysis/quota/rows.ts'
import { type ProviderWindow, providerName, windowsFromBuckets } from '../analysis/windows.ts'
import { groupedNumber } from '../core/text.ts'
import type { AuthFile } from '../wire/management.ts'
import type { ProviderTotals } from '../wire/metrics.ts'
import { readWindows, type WindowsAnswer } from './provider-windows.ts'
import type { DirectoryReading, QuotaContext } from './quota-context.ts'
import {
  askAccounts,
  askKeys,
  askKiro,
  askUsage,
  type KiroAnswers,
  limitsFrom,
  logTrouble,
} from './quota-sources.ts'
import type { Unknown } from './replies.ts'

/** Everything `quota` knows at one moment. */
export interface QuotaView {
  readonly facts: QuotaFacts
  readonly rows: readonly QuotaRow[]
  readonly providers: readonly ProviderView[]
  readonly names: CredentialNames
  /** Routes that should have answered and did not, or not readably. */
  readonly troubles: readonly Unknown[]
  readonly kiroRoute: KiroAnswers['route']
  /** Why the log that is there tells nothing; null when it does, or when there is none. */
  readonly logTrouble: string | null
  /** What `/v1/metrics/providers` said; null where buckets made it needless. */
  readonly metrics: WindowsAnswer | null
}

export interface ProviderView {
  readonly provider: string
  readonly rows: readonly QuotaRow[]
  /** What its pressure can be judged by. */
  readonly evidence: Told<PressureEvidence>
}

/** Asks every source once and puts together what they say. */
export async function askQuota(context: QuotaContext, signal: AbortSignal): Promise<QuotaView> {
  const { clock } = context
  // One management request at a time until one has been let in (contract, HTTP 14.8).
  await context.capabilities.management()
  const [accounts, keys, directory, log] = await Promise.all([
    askAccounts(context, signal),
    askKeys(context, signal),
    context.directory(),
    context.log(),
  ])
  const listed = accounts.told.kind === 'told' ? accounts.told.value : []
  const kiro = await askKiro(context, listed, signal)
  const nowMs = clock.nowMs()
  const facts: QuotaFacts = {
    nowMs,
    accounts: accounts.told,
    keys: keys.told,
    usage: listed.some(({ buckets }) => buckets === null)
      ? await askUsage(context, signal)
      : { kind: 'untold', reason: 'not needed' },
    kiro: kiro.quotas,
    kiroElse: kiro.others,
    directory: toldDirectory(directory),
    limits: limitsFrom(log, nowMs),
  }
  const counted = countedCredentials(facts).some(({ buckets }) => buckets !== null)
  const metrics = counted ? null : await askMetrics(context, facts, signal)
  const rows = quotaRows(facts)
  const providers = providerViews(rows, facts, metrics)
  const requests = providers.reduce(
    (sum, { evidence }) => sum + (evidence.kind === 'told' ? evidence.value.window.requests : 0),
    0,
  )
  return {
    facts,
    rows,
    providers,
    logTrouble: logTrouble(log, requests),
    names: namesOf(listed, directory, context.emails),
    troubles: [accounts.trouble, keys.trouble].filter((trouble) => trouble !== null),
    kiroRoute: kiro.route,
    metrics,
  }
}

function toldDirectory(reading: DirectoryReading): QuotaFacts['directory'] {
  return reading.kind === 'read'
    ? { kind: 'told', value: reading.directory, source: 'token file' }
    : { kind: 'untold', reason: reading.saw }
}

function askMetrics(
  { gateway, clock, rememberedTotals, sampleMs, learned }: QuotaContext,
  { accounts }: QuotaFacts,
  signal: AbortSignal,
): Promise<WindowsAnswer> {
  const managementClosed = accounts.kind === 'untold' ? accounts.reason : 'no ten-minute buckets'
  return readWindows({ gateway, clock, managementClosed, rememberedTotals, sampleMs, learned, signal })
}

function namesOf(
  accounts: readonly AuthFile[],
  directory: DirectoryReading,
  emails: EmailDisplay,
): CredentialNames {
  const files = directory.kind === 'read' ? directory.directory.files : []
  const inDirectory = files.map(({ name, reading }) => ({
    name,
    email: reading.kind === 'credential' ? reading.credential.email : null,
  }))
  // Later ones win: the route knows an address that a broken file does not tell.
  return new CredentialNames(emails, [
    ...inDirectory,
    ...accounts.map(({ name, email }) => ({ name, email })),
  ])
}

function providerViews(
  rows: readonly QuotaRow[],
  facts: QuotaFacts,
  metrics: WindowsAnswer | null,
): ProviderView[] {
  const byProvider = grouped(rows, ({ provider }) => provider)
  const credentials = countedCredentials(facts)
  const windows =
    metrics?.kind === 'windows' ? metrics.windows : metrics === null ? windowsFromBuckets(credentials) : []
  const sizes = countsOf(credentials.map(({ provider }) => providerName(provider)))
  const counted = metrics?.kind === 'totals' ? metrics.sample.providers : windows
  const names = new Set([...byProvider.keys(), ...counted.map(({ provider }) => provider)])
  return [...names].sort().map((provider) => {
    const own = byProvider.get(provider) ?? []
    const window = windows.find((each) => each.provider === provider)
    const evidence = window
      ? evidenceOf(window, own, facts, {
          source: sourceOf(facts, metrics),
          credentials: sizes.get(provider) ?? 0,
        })
      : ({ kind: 'untold', reason: withoutWindow(provider, metrics) } as const)
    return { provider, rows: own, evidence }
  })
}

function sourceOf({ usage }: QuotaFacts, metrics: WindowsAnswer | null): string {
  if (metrics?.kind === 'windows') return metrics.source
  return usage.kind === 'told'
    ? `requests in ${usage.source}`
    : 'ten-minute buckets of auth-files and api-key-usage'
}

function evidenceOf(
  window: ProviderWindow,
  rows: readonly QuotaRow[],
  { limits }: QuotaFacts,
  counted: { readonly source: string; readonly credentials: number },
): Told<PressureEvidence> {
  const { provider, uncounted, requests } = window
  // Counters that cannot be read add up to zero, and that is not known of anybody.
  if (uncounted > 0 && (requests === 0 || uncounted === counted.credentials))
    return { kind: 'untold', reason: 'its counters cannot be read' }
  if (limits.kind === 'untold')
    return { kind: 'told', source: counted.source, value: { window, rows, limits: null } }
  const counts = limits.value.providers.get(provider) ?? { rateLimited: 0, undetermined: 0, local: 0 }
  return {
    kind: 'told',
    source: `${counted.source}, ${limits.source}`,
    value: { window, rows, limits: { ...counts, complete: limits.value.complete } },
  }
}

function withoutWindow(provider: string, metrics: WindowsAnswer | null): string {
  switch (metrics?.kind) {
    case 'totals':
      return totalsWords(metrics.sample.providers.find((each) => each.provider === provider))
    case 'ambiguous':
      return 'this version does not say whether it counts by provider or by client key'
    case 'none':
      return metrics.reasons.join('; ')
    case 'unknown':
      return metrics.judgement.saw
    default:
      return 'no route counts its requests'
  }
}

function totalsWords(totals: ProviderTotals | undefined): string {
  if (totals?.requests == null || totals.failures === null) return 'no route counts its requests'
  return `totals since the start only: ${groupedNumber(totals.failures)} of ${groupedNumber(totals.requests)} failed`
}
