import type { Chain } from './burst-chains.ts'
import { chains, visit } from './burst-chains.ts'
import type { Origin, RefusalBlock, RefusalLog } from './events.ts'
import { ORIGINS } from './events.ts'
import type { FailureBlock, FailureLog } from './failures.ts'
import { NOBODY_KNOWN } from './failures.ts'
import type { LogScan } from './log-scan.ts'
import type { LogRoute, RouteClass } from './routes.ts'
import { CLASS_OF_ROUTE, ROUTE_CLASSES, routeName } from './routes.ts'

/** What a sustained burst is. All numbers may be changed; these are the defaults. */
export interface BurstDefinition {
  readonly statuses: readonly number[]
  /** Neighbours further apart than this belong to different bursts. */
  readonly maxGapMs: number
  /** Fewer events are no burst. */
  readonly minEvents: number
  /** A burst is sustained when it lasts this long … */
  readonly minSpanMs: number
  /** … or makes up this share, from 0 to 1, of the requests in its span. */
  readonly minShare: number
  /** It is still going when its last event lies no further than this before the last record of the log. */
  readonly ongoingWithinMs: number
}

/**
 * The runbook asks for "no sustained bursts of 401, 403, or 429" (Daily Checks 4) and leaves the word to us:
 * neighbours at most 60 s apart, at least 10 of them, for at least 2 minutes or at least 5 % of the requests.
 */
export const BURST_DEFINITION: BurstDefinition = {
  statuses: [401, 403, 429],
  maxGapMs: 60_000,
  minEvents: 10,
  minSpanMs: 120_000,
  minShare: 0.05,
  ongoingWithinMs: 60_000,
}

interface BurstFacts {
  readonly status: number
  readonly startMs: number
  readonly endMs: number
  readonly count: number
  /** Requests of the same class that were answered from the first event to the last, both counted. */
  readonly requests: number
  /** `count` of `requests`, from 0 to 1. */
  readonly share: number
  readonly state: 'over' | 'ongoing'
  /** Which of the two conditions it meets. */
  readonly sustainedBy: readonly ('span' | 'share')[]
  /** Providers named by the log with these events, most frequent first; what is missing in the sum was not named. */
  readonly providers: readonly NamedCount<string>[]
}

/** Answers that clients got, on paths of one class. */
export interface ClientBurst extends BurstFacts {
  readonly kind: 'client'
  readonly routeClass: RouteClass
  readonly routes: readonly NamedCount<LogRoute>[]
  readonly origins: Readonly<Record<Origin, number>>
}

/**
 * Failures of providers, whatever the clients got in the end; its share is of client API requests, and at most 1
 * although a request can fail at several providers.
 */
export interface UpstreamBurst extends BurstFacts {
  readonly kind: 'upstream'
  /** Failures of it after which the clients got a status below 400 all the same. */
  readonly hidden: number
}

export type Burst = ClientBurst | UpstreamBurst

export interface NamedCount<Name> {
  readonly name: Name
  readonly count: number
}

/** All sustained bursts of a scan: those still going first, then by number of events. */
export function findBursts(scan: LogScan, definition: BurstDefinition = BURST_DEFINITION): Burst[] {
  const logEndMs = scan.span?.lastMs ?? 0
  const { refusals, upstream } = scan
  const clientBursts = chains(refusals.blocks, clientGroup, definition)
    .map((chain) => ({ chain, facts: clientFacts(chain, definition, logEndMs) }))
    .filter(({ facts }) => facts.sustainedBy.length > 0)
    .map(({ chain, facts }) => clientBurst(chain, facts, refusals))
  const upstreamBursts = chains(upstream.failures.blocks, upstreamGroup, definition)
    .map((chain) => ({ chain, facts: upstreamFacts(chain, definition, logEndMs) }))
    .filter(({ facts }) => facts.sustainedBy.length > 0)
    .map(({ chain, facts }) => upstreamBurst(chain, facts, upstream.failures))
  const urgency = ({ state }: Burst) => (state === 'ongoing' ? 1 : 0)
  return [...clientBursts, ...upstreamBursts].sort((a, b) => urgency(b) - urgency(a) || b.count - a.count)
}

type FactsOfChain = Omit<BurstFacts, 'providers'>

function clientGroup({ status, route }: RefusalBlock, row: number): number {
  return (status[row] ?? 0) * ROUTE_CLASSES.length + (CLASS_OF_ROUTE[route[row] ?? 0] ?? 0)
}

function clientFacts(chain: Chain, definition: BurstDefinition, logEndMs: number): FactsOfChain {
  return factsOf(chain, chain.lastOrdinal - chain.firstOrdinal + 1, definition, logEndMs)
}

function clientBurst(chain: Chain, facts: FactsOfChain, refusals: RefusalLog): ClientBurst {
  const routes: Counts = new Map()
  const origins: Counts = new Map()
  const providers: Counts = new Map()
  visit(refusals.blocks, clientGroup, chain, (block, row) => {
    countOne(routes, block.route[row] ?? 0)
    countOne(origins, block.origin[row] ?? 0)
    countOne(providers, block.provider[row] ?? -1)
  })
  const byOrigin = ORIGINS.map((origin, index) => [origin, origins.get(index) ?? 0])
  return {
    kind: 'client',
    routeClass: ROUTE_CLASSES[chain.group % ROUTE_CLASSES.length] ?? 'other',
    routes: byCount(routes, routeName),
    origins: Object.fromEntries(byOrigin) as Record<Origin, number>,
    ...facts,
    providers: byCount(providers, (provider) => refusals.providers[provider] ?? null),
  }
}

function upstreamGroup({ status }: FailureBlock, row: number): number {
  return status[row] ?? 0
}

function upstreamFacts(chain: Chain, definition: BurstDefinition, logEndMs: number): FactsOfChain {
  return factsOf(chain, Math.max(chain.count, chain.lastOrdinal - chain.firstOrdinal), definition, logEndMs)
}

function upstreamBurst(chain: Chain, facts: FactsOfChain, failures: FailureLog): UpstreamBurst {
  const parties: Counts = new Map()
  let hidden = 0
  visit(failures.blocks, upstreamGroup, chain, (block, row) => {
    const clientStatus = block.clientStatus[row] ?? 0
    if (clientStatus > 0 && clientStatus < 400) hidden++
    countOne(parties, block.party[row] ?? NOBODY_KNOWN)
  })
  return {
    kind: 'upstream',
    hidden,
    ...facts,
    providers: byCount(parties, (party) => failures.parties[party]?.provider ?? null),
  }
}

function factsOf(
  chain: Chain,
  requests: number,
  definition: BurstDefinition,
  logEndMs: number,
): FactsOfChain {
  const { status, startMs, endMs, count } = chain
  const share = count / requests
  const sustainedBy: ('span' | 'share')[] = []
  if (endMs - startMs >= definition.minSpanMs) sustainedBy.push('span')
  if (share >= definition.minShare) sustainedBy.push('share')
  const state = logEndMs - endMs <= definition.ongoingWithinMs ? 'ongoing' : 'over'
  return { status, startMs, endMs, count, requests, share, state, sustainedBy }
}

/** Counts by the numbers that the columns hold. */
type Counts = Map<number, number>

function countOne(counts: Counts, number: number): void {
  counts.set(number, (counts.get(number) ?? 0) + 1)
}

/** Most frequent first; numbers of the same name are one, and those without a name are left out. */
function byCount<Name>(counts: Counts, nameOf: (number: number) => Name | null): NamedCount<Name>[] {
  const named = new Map<Name, number>()
  for (const [number, count] of counts) {
    const name = nameOf(number)
    if (name !== null) named.set(name, (named.get(name) ?? 0) + count)
  }
  return [...named].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count)
}
