import type { Origin, RefusalEvent } from './events.ts'
import type { UpstreamFailure } from './failures.ts'
import type { LogScan } from './log-scan.ts'
import type { LogRoute, RouteClass } from './routes.ts'
import { ROUTE_CLASSES } from './routes.ts'

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
  const bursts = [
    ...chains(scan.refusals, definition, CLIENT).map((chain) => clientBurst(chain, definition, logEndMs)),
    ...chains(scan.upstream.failures, definition, UPSTREAM).map((chain) =>
      upstreamBurst(chain, definition, logEndMs),
    ),
  ].filter((burst) => burst.count >= definition.minEvents && burst.sustainedBy.length > 0)
  const urgency = ({ state }: Burst) => (state === 'ongoing' ? 1 : 0)
  return bursts.sort((a, b) => urgency(b) - urgency(a) || b.count - a.count)
}

interface Event {
  readonly atMs: number
  readonly status: number | null
  readonly ordinal: number
  readonly provider: string | null
}

/** Neighbouring events of one kind, added up as they come: there can be millions. */
interface Chain<Details> {
  readonly status: number
  readonly startMs: number
  /** The latest time: lines of concurrent requests are out of order by a second or two. */
  endMs: number
  readonly firstOrdinal: number
  lastOrdinal: number
  count: number
  readonly providers: Map<string, number>
  readonly details: Details
}

/** Which events can be neighbours, and what else is added up of them. */
interface Chaining<Kind extends Event, Details> {
  readonly groupOf: (event: Kind) => number
  readonly start: (event: Kind) => Details
  readonly note: (details: Details, event: Kind) => void
}

interface ClientDetails {
  readonly routeClass: RouteClass
  readonly routes: Map<LogRoute, number>
  readonly origins: Record<Origin, number>
}

const CLIENT: Chaining<RefusalEvent, ClientDetails> = {
  groupOf: ({ status, routeClass }) => status * ROUTE_CLASSES.length + ROUTE_CLASSES.indexOf(routeClass),
  start: ({ routeClass }) => ({
    routeClass,
    routes: new Map(),
    origins: { local: 0, upstream: 0, 'presumed-upstream': 0 },
  }),
  note(details, { route, origin }) {
    details.routes.set(route, (details.routes.get(route) ?? 0) + 1)
    details.origins[origin]++
  },
}

const UPSTREAM: Chaining<UpstreamFailure, { hidden: number }> = {
  groupOf: ({ status }) => status ?? 0,
  start: () => ({ hidden: 0 }),
  note(details, { clientStatus }) {
    if (clientStatus !== null && clientStatus < 400) details.hidden++
  },
}

function chains<Kind extends Event, Details>(
  events: Iterable<Kind>,
  definition: BurstDefinition,
  chaining: Chaining<Kind, Details>,
): Chain<Details>[] {
  const open = new Map<number, Chain<Details>>()
  const worthy: Chain<Details>[] = []
  for (const event of events) {
    if (event.status === null || !definition.statuses.includes(event.status)) continue
    const group = chaining.groupOf(event)
    let chain = open.get(group)
    if (chain === undefined || event.atMs - chain.endMs > definition.maxGapMs) {
      if (chain !== undefined && chain.count >= definition.minEvents) worthy.push(chain)
      chain = startChain(event, event.status, chaining.start(event))
      open.set(group, chain)
    }
    chain.endMs = Math.max(chain.endMs, event.atMs)
    chain.lastOrdinal = event.ordinal
    chain.count++
    if (event.provider !== null) {
      chain.providers.set(event.provider, (chain.providers.get(event.provider) ?? 0) + 1)
    }
    chaining.note(chain.details, event)
  }
  return [...worthy, ...open.values()]
}

function startChain<Details>(event: Event, status: number, details: Details): Chain<Details> {
  const { atMs, ordinal } = event
  return {
    status,
    startMs: atMs,
    endMs: atMs,
    firstOrdinal: ordinal,
    lastOrdinal: ordinal,
    count: 0,
    providers: new Map(),
    details,
  }
}

function clientBurst(
  chain: Chain<ClientDetails>,
  definition: BurstDefinition,
  logEndMs: number,
): ClientBurst {
  const requests = chain.lastOrdinal - chain.firstOrdinal + 1
  const { routeClass, routes, origins } = chain.details
  return {
    kind: 'client',
    routeClass,
    routes: byCount(routes),
    origins,
    ...facts(chain, requests, definition, logEndMs),
  }
}

function upstreamBurst(
  chain: Chain<{ hidden: number }>,
  definition: BurstDefinition,
  logEndMs: number,
): UpstreamBurst {
  const requests = Math.max(chain.count, chain.lastOrdinal - chain.firstOrdinal)
  return { kind: 'upstream', hidden: chain.details.hidden, ...facts(chain, requests, definition, logEndMs) }
}

function facts(
  chain: Chain<unknown>,
  requests: number,
  definition: BurstDefinition,
  logEndMs: number,
): BurstFacts {
  const { status, startMs, endMs, count, providers } = chain
  const share = count / requests
  const sustainedBy: ('span' | 'share')[] = []
  if (endMs - startMs >= definition.minSpanMs) sustainedBy.push('span')
  if (share >= definition.minShare) sustainedBy.push('share')
  const state = logEndMs - endMs <= definition.ongoingWithinMs ? 'ongoing' : 'over'
  return {
    status,
    startMs,
    endMs,
    count,
    requests,
    share,
    state,
    sustainedBy,
    providers: byCount(providers),
  }
}

function byCount<Name>(counts: ReadonlyMap<Name, number>): NamedCount<Name>[] {
  return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count)
}
