import { printable } from '../../core/text.ts'
import {
  type Draft,
  FILE_START,
  type LintContext,
  listed,
  type Rule,
  type Served,
  type WorkloadClass,
} from './lint-types.ts'
import type { Credential } from './offers.ts'
import { isAggregator, upstreamOf } from './upstream-host.ts'
import type { Position } from './yaml-source.ts'

function servedBy(workload: WorkloadClass, { served }: LintContext): readonly Served[] {
  return served.get(workload) ?? []
}

function placeOf(credential: Credential | undefined): Position {
  return credential?.kind === 'config' ? credential.entry.at.entry : FILE_START
}

function labelOf(credential: Credential): string {
  return credential.kind === 'config' ? credential.entry.label : `token files of ${credential.providerKey}`
}

function criticalServed(context: LintContext): { workload: WorkloadClass; served: Served }[] {
  return context.workloads
    .filter(({ priority }) => priority === 'critical')
    .flatMap((workload) => servedBy(workload, context).map((served) => ({ workload, served })))
}

function classOf({ name }: WorkloadClass): string {
  return `workload class \`${printable(name)}\``
}

/** Every id of every class is on offer, as far as the config can tell. */
function unservedDrafts(context: LintContext): Draft[] {
  return context.workloads.flatMap((workload) =>
    servedBy(workload, context).flatMap(({ id, resolution }): Draft[] => {
      if (resolution.kind !== 'unanswered') return []
      const unsure = resolution.unsure.length > 0
      return [
        {
          severity: unsure ? 'info' : workload.priority === 'critical' ? 'error' : 'warn',
          at: FILE_START,
          saw: `\`${printable(id)}\` of ${classOf(workload)}`,
          effect: unsure
            ? 'no entry lists it; whether a built-in list has it is not known here'
            : 'no credential offers it: the gateway answers "unknown provider for model"',
          fix:
            resolution.near.length > 0
              ? `perhaps ${listed(resolution.near.map((near) => printable(near)))}; see \`provops lint --why-missing ${printable(id)}\``
              : `see \`provops lint --why-missing ${printable(id)}\``,
        },
      ]
    }),
  )
}

function alternateDrafts(context: LintContext): Draft[] {
  return criticalServed(context).flatMap(({ workload, served: { id, answers } }): Draft[] => {
    const [first] = answers
    if (first === undefined || new Set(answers.map(({ credential }) => upstreamOf(credential))).size > 1)
      return []
    const spare = context.config.entries.find(
      ({ fate, models }) => fate.kind === 'disabled' && models.some((item) => item.id === id),
    )
    return [
      {
        severity: 'warn',
        at: placeOf(first.credential),
        saw: `only ${printable(labelOf(first.credential))} answers \`${printable(id)}\` of ${classOf(workload)}`,
        effect: `when that provider fails the whole class fails${spare === undefined ? '' : `; ${printable(spare.label)} would answer it, but is disabled`}`,
        fix: 'let an entry of another provider offer the same id, with a lower `priority`',
      },
    ]
  })
}

function singleCredentialDrafts(context: LintContext): Draft[] {
  const single = singles(context)
  if (context.workloads.length === 0) return singleSummary([...single.values()])
  const needed = new Map(
    criticalServed(context).flatMap(({ workload, served }) =>
      served.answers.map(({ credential }) => [upstreamOf(credential), { workload, credential }] as const),
    ),
  )
  return [...needed].flatMap(([upstream, { workload, credential }]): Draft[] =>
    single.has(upstream)
      ? [
          {
            severity: 'warn',
            at: placeOf(credential),
            saw: `${printable(labelOf(credential))} has one credential, and ${classOf(workload)} needs it`,
            effect: 'one refused key or one full quota takes the provider out',
            fix: 'add a second key of another account',
          },
        ]
      : [],
  )
}

/** Providers with one credential in service, by upstream. */
function singles({ offers }: LintContext): ReadonlyMap<string, Credential> {
  const only = new Map<string, Credential | null>()
  for (const { credential } of offers.list) {
    if (credential.kind === 'oauth' && credential.disabled) continue
    const upstream = upstreamOf(credential)
    only.set(upstream, only.has(upstream) ? null : credential)
  }
  return new Map([...only].filter((pair): pair is [string, Credential] => pair[1] !== null))
}

function singleSummary(single: readonly Credential[]): Draft[] {
  if (single.length === 0) return []
  const [first] = single
  return [
    {
      severity: 'info',
      at: placeOf(first),
      saw: `one credential each: ${listed(single.map((credential) => printable(labelOf(credential))))}`,
      effect: 'one refused key or one full quota takes such a provider out',
      fix: 'add a second key of another account where the provider allows it',
    },
  ]
}

/** Best-effort traffic must not use up what critical traffic needs. */
function sharedCredentialDrafts(context: LintContext): Draft[] {
  const critical = new Map(
    criticalServed(context).flatMap(({ workload, served }) =>
      served.answers.map(({ credential }) => [credential, workload] as const),
    ),
  )
  return context.workloads
    .filter(({ priority }) => priority === 'best-effort')
    .flatMap((workload) => {
      const shared = servedBy(workload, context).flatMap(({ id, answers }) =>
        answers.flatMap(({ credential }) => {
          const other = critical.get(credential)
          return other === undefined ? [] : [{ id, credential, other }]
        }),
      )
      const [first] = shared
      if (first === undefined) return []
      return [
        {
          severity: 'warn' as const,
          at: placeOf(first.credential),
          saw: `${listed([...new Set(shared.map(({ id }) => printable(id)))])} of ${classOf(workload)} can land on ${printable(labelOf(first.credential))}, which ${classOf(first.other)} needs`,
          effect: 'best-effort traffic uses up the quota of critical traffic',
          fix: 'give the critical credentials a `prefix`, set `force-model-prefix: true`, and let the critical clients ask for `prefix/model`',
        },
      ]
    })
}

function bareIdDrafts(context: LintContext): Draft[] {
  const prefixes = new Set(
    context.offers.list.map(({ credential }) => credential.prefix).filter((prefix) => prefix !== ''),
  )
  return context.workloads
    .filter(({ priority }) => priority === 'critical')
    .flatMap((workload): Draft[] => {
      const bare = workload.models.filter((id) => !prefixes.has(id.slice(0, Math.max(id.indexOf('/'), 0))))
      if (bare.length === 0) return []
      return [
        {
          severity: 'info',
          at: FILE_START,
          saw: `${classOf(workload)} asks for ${listed(bare.map((id) => printable(id)))}, without a prefix`,
          effect: 'any credential that offers the bare id may answer, also one added later for other traffic',
          fix: 'give the class a prefix of its own and ask for `prefix/model`',
        },
      ]
    })
}

function primaryDrafts(context: LintContext): Draft[] {
  return context.workloads
    .filter(({ latency }) => latency === 'critical')
    .flatMap((workload) =>
      servedBy(workload, context).flatMap(({ id, tiers }): Draft[] => {
        const primary = tiers[0]?.answers ?? []
        const reseller = primary.find(({ credential }) => isAggregator(credential))
        if (reseller === undefined) return []
        return [
          {
            severity: 'warn',
            at: placeOf(reseller.credential),
            saw: `${printable(labelOf(reseller.credential))}, an aggregator, is among the first to answer \`${printable(id)}\` of ${classOf(workload)}`,
            effect: 'latency-critical traffic takes a detour',
            fix: "give the vendor's own entry a higher `priority`",
          },
        ]
      }),
    )
}

function fallbackDrafts({ offers, workloads }: LintContext): Draft[] {
  if (
    workloads.length === 0 ||
    offers.list.length === 0 ||
    offers.list.some(({ credential }) => isAggregator(credential))
  )
    return []
  return [
    {
      severity: 'info',
      at: FILE_START,
      saw: 'no entry of a known aggregator',
      effect: 'no provider stands in for models that the direct ones lose',
      fix: 'add one aggregator as an `openai-compatibility` entry with a low `priority`',
    },
  ]
}

function metricsDrafts({ config, workloads }: LintContext): Draft[] {
  const { usageStatisticsEnabled, loggingToFile, at } = config.settings
  const severity = workloads.length > 0 ? 'warn' : 'info'
  const off = (key: string, effect: string): Draft => ({
    severity,
    at: at.get(key) ?? FILE_START,
    saw: `\`${key}\` is off`,
    effect,
    fix: `write \`${key}: true\``,
  })
  return [
    ...(usageStatisticsEnabled
      ? []
      : [
          off(
            'usage-statistics-enabled',
            'the gateway keeps no usage records, so error ratio and tokens cannot be watched',
          ),
        ]),
    ...(loggingToFile
      ? []
      : [off('logging-to-file', 'there is no `main.log`: log scans must read the output of the process')]),
  ]
}

export const WORKLOAD_RULES = {
  'workload-unserved': {
    title: 'every workload class is served',
    source: 'runbook, Onboard a New Provider 4',
    look: unservedDrafts,
  },
  'single-credential': {
    title: 'providers have several credentials',
    source: 'runbook, Rotation and Quota Strategy',
    look: singleCredentialDrafts,
  },
  'no-alternate': {
    title: 'critical classes have an alternate provider',
    source: 'runbook, Rotation and Quota Strategy',
    look: alternateDrafts,
  },
  'shared-credential': {
    title: 'prefixes keep best effort away from priority traffic',
    source: 'runbook, Rotation and Quota Strategy',
    look: sharedCredentialDrafts,
  },
  'no-direct-primary': {
    title: 'latency-critical traffic goes to a direct provider first',
    source: 'runbook, Recommended Production Pattern 1',
    look: primaryDrafts,
  },
  'no-aggregator-fallback': {
    title: 'one aggregator stands in',
    source: 'runbook, Recommended Production Pattern 2',
    look: fallbackDrafts,
  },
  'bare-workload-id': {
    title: 'workload classes are routed by prefix',
    source: 'runbook, Recommended Production Pattern 3',
    look: bareIdDrafts,
  },
  'no-metrics': {
    title: 'usage and logs can be watched',
    source: 'runbook, Recommended Production Pattern 4',
    look: metricsDrafts,
  },
} as const satisfies Record<string, Rule>
