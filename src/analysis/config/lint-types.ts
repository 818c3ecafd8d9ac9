import type { Flavour } from './flavour.ts'
import type { LoadedConfig } from './load.ts'
import type { GatewayConfig, ProviderEntry } from './model.ts'
import type { Offers } from './offers.ts'
import type { Answer, Resolution, Tier } from './resolve.ts'
import type { Position } from './yaml-source.ts'

export type Severity = 'error' | 'warn' | 'info'

/** What a rule found; the rule's id is added when the table is run. Never holds a secret. */
export interface Draft {
  readonly severity: Severity
  readonly at: Position
  /** What stands in the file. */
  readonly saw: string
  /** What the gateway really does with it. */
  readonly effect: string
  readonly fix: string
}

/** A kind of traffic the operator cares about (runbook, Recommended Production Pattern). */
export interface WorkloadClass {
  readonly name: string
  /** Ids as its clients ask for them. */
  readonly models: readonly string[]
  readonly priority: 'critical' | 'best-effort'
  /** `critical`: wants a direct provider first. */
  readonly latency?: 'critical' | 'relaxed'
}

/** Who answers one id of a workload class. */
export interface Served {
  readonly id: string
  readonly resolution: Resolution
  readonly tiers: readonly Tier[]
  /** Of all tiers. */
  readonly answers: readonly Answer[]
}

export interface LintContext {
  readonly flavour: Flavour
  /** The gateway's version when known, e.g. `v7.2.140`; only upstream's are compared. */
  readonly version: string | null
  readonly loaded: Extract<LoadedConfig, { kind: 'loaded' }>
  readonly config: GatewayConfig
  readonly offers: Offers
  readonly workloads: readonly WorkloadClass[]
  readonly served: ReadonlyMap<WorkloadClass, readonly Served[]>
}

export interface Rule {
  /** What the rule looks for, in a few words. */
  readonly title: string
  /** Where the rule comes from, e.g. `contract, files 1.12`. */
  readonly source: string
  readonly look: (context: LintContext) => Iterable<Draft>
}

/** Where a finding about the file as a whole points to. */
export const FILE_START: Position = { line: 1, column: 1 }

/** `a, b, c and 4 more`, each in backquotes. */
export function listed(texts: readonly string[], most = 3): string {
  const first = texts.slice(0, most).map((text) => `\`${text}\``)
  const rest = texts.length - first.length
  return rest > 0 ? `${first.join(', ')} and ${rest} more` : first.join(', ')
}

/** Where the value of an entry's key stands, or the entry, when it has no such key. */
export function placeIn(entry: ProviderEntry, key: string): Position {
  return entry.at.values.get(key) ?? entry.at.entry
}

export function eachEntry(
  { config }: LintContext,
  look: (entry: ProviderEntry) => readonly Draft[],
): Draft[] {
  return config.entries.flatMap(look)
}

export function eachLiveEntry(
  context: LintContext,
  look: (entry: ProviderEntry) => readonly Draft[],
): Draft[] {
  return eachEntry(context, (entry) => (entry.fate.kind === 'live' ? look(entry) : []))
}
