import { readBanner } from '../../wire/health.ts'
import { readModelList } from '../../wire/models.ts'
import { ROUTES } from '../../wire/routes.ts'
import type { Gateway, Reply } from '../port.ts'
import { jsonOf, saysHealthy } from './alive.ts'
import { isSafeModePage } from './safe-mode.ts'

/**
 * Which family a gateway is of: `upstream` is CLIProxyAPI, `fork` cliproxyapi++ since its port of June 2026,
 * `fork-old` its builds of February 2026 that serve provider metrics, `old` either of them before that, `runbook-like` one
 * that has the `/health` of the runbook, which neither ever had.
 */
export type Family = 'upstream' | 'fork' | 'fork-old' | 'old' | 'runbook-like' | 'unknown'

export interface Lineage {
  readonly family: Family
  /** `sure` when no other family can show that mark; `none` only for `unknown`. */
  readonly certainty: 'sure' | 'likely' | 'none'
  /** What was seen, one short sentence each. */
  readonly evidence: readonly string[]
}

interface Marks {
  readonly version: string | null
  readonly hasHealth: boolean
  readonly hasMetrics: boolean
  readonly hasFront: boolean
  /** Lower-case names of the reply headers that pages elsewhere may read; a list that grew with the versions. */
  readonly exposed: readonly string[]
}

interface Rule {
  readonly family: Family
  readonly certainty: Lineage['certainty']
  readonly holds: (marks: Marks) => boolean
  readonly evidence: string
}

/**
 * First match wins. Versions decide little: source builds say `dev`, forks lag behind (contract, HTTP 14.22). The list
 * of exposed headers came with upstream v7.1.73, its trace header with v7.2.84, which the fork has not taken over.
 */
const RULES: readonly Rule[] = [
  {
    family: 'runbook-like',
    certainty: 'sure',
    holds: (marks) => marks.hasHealth,
    evidence: '/health answers, which no CLIProxyAPI or cliproxyapi++ ever had',
  },
  {
    family: 'fork-old',
    certainty: 'sure',
    holds: (marks) => marks.hasMetrics,
    evidence: '/v1/metrics/providers is served, as by some cliproxyapi++ v6.8 alone',
  },
  {
    family: 'fork',
    certainty: 'sure',
    holds: (marks) => /-plus\b/.test(marks.version ?? ''),
    evidence: 'the version ends in -plus',
  },
  {
    family: 'upstream',
    certainty: 'likely',
    holds: (marks) => marks.exposed.includes('x-cpa-trace-id'),
    evidence: 'X-CPA-TRACE-ID is exposed, as by CLIProxyAPI from v7.2.84 on',
  },
  {
    family: 'upstream',
    certainty: 'likely',
    holds: (marks) => marks.exposed.includes('x-cpa-support-plugin') && /^v?7\./.test(marks.version ?? ''),
    evidence: 'X-CPA-SUPPORT-PLUGIN is exposed and the version is of line 7',
  },
  {
    family: 'fork',
    certainty: 'likely',
    holds: (marks) => marks.exposed.includes('x-cpa-support-plugin'),
    evidence:
      'X-CPA-SUPPORT-PLUGIN is exposed without a trace id, as by cliproxyapi++ or CLIProxyAPI v7.1.73 to v7.2.83',
  },
  {
    family: 'old',
    certainty: 'likely',
    holds: (marks) => marks.hasFront,
    evidence: 'the banner is there and no header is exposed, as before CLIProxyAPI v7.1.73',
  },
]

/** Guesses by features. Asks three routes without a key; `version` is what is known already, if anything. */
export async function probeLineage(gateway: Gateway, version: string | null): Promise<Lineage> {
  const [front, health, metrics] = await Promise.all([
    replyOf(gateway, 'banner'),
    replyOf(gateway, 'health'),
    replyOf(gateway, 'metrics'),
  ])
  const banner = front ? readBanner(jsonOf(front)) : ({ kind: 'other' } as const)
  const marks: Marks = {
    version,
    hasHealth: health !== null && saysHealthy(health),
    hasMetrics: metrics?.status === 200 && isMap(metrics),
    hasFront: banner.kind === 'banner' || (front !== null && isSafeModePage(front)),
    exposed: (front?.headers['access-control-expose-headers'] ?? '').toLowerCase().split(/\s*,\s*/),
  }
  const rule = RULES.find(({ holds }) => holds(marks))
  if (!rule) return { family: 'unknown', certainty: 'none', evidence: [] }
  const said = version === null ? [] : [`it calls itself ${version}`]
  return { family: rule.family, certainty: rule.certainty, evidence: [rule.evidence, ...said] }
}

async function replyOf(gateway: Gateway, route: 'banner' | 'health' | 'metrics'): Promise<Reply | null> {
  const result = await gateway.get(ROUTES[route], { as: 'none' })
  return result.kind === 'ok' ? result.value : null
}

/** An object that is no model list and no error; empty counts, for it is so until there was traffic (contract, HTTP 3.2). */
function isMap(reply: Reply): boolean {
  const value = jsonOf(reply)
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !('error' in value) &&
    readModelList(value).kind !== 'list'
  )
}
