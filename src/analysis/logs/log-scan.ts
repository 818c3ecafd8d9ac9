import type { RefusalLog } from './events.ts'
import type { FailureLog, FailureSummary } from './failures.ts'
import type { LogRoute, RouteClass } from './routes.ts'

/** Everything a scan of a gateway's log found out; plain data but for the two compact tables that it can iterate. */
export interface LogScan {
  /** What was read, in the order of time. */
  readonly parts: readonly PartRead[]
  /** The zone that the local times were read in. */
  readonly zone: string
  /** From the first to the last record within the period asked for; null when there is none. */
  readonly span: { readonly firstMs: number; readonly lastMs: number } | null
  /** When the last record of all was written, also one outside the period; null when there is none. */
  readonly endMs: number | null
  readonly content: LogContent
  readonly lines: LineCounts
  readonly requests: RequestCounts
  /** 401, 403, 429 and 503 that clients got, one by one, on paths of all classes. */
  readonly refusals: RefusalLog
  readonly upstream: UpstreamCounts
  readonly models: readonly ModelCounts[]
  readonly forged: ForgedLines
  /** Lines of these kinds that were seen, whatever came of them. */
  readonly seen: SeenLines
  /** The gateway's version by its last banner within the period. */
  readonly gatewayVersion: string | null
  readonly blindSpots: readonly BlindSpot[]
}

/**
 * `records`: something to judge. `outside`: a log, with nothing in the period asked for. `none`: lines, and not one
 * of them a log record. `empty`: no lines at all.
 */
export type LogContent = 'records' | 'outside' | 'none' | 'empty'

export type PartRead =
  | { readonly name: string; readonly outcome: 'read'; readonly sizeBytes: number }
  /** `sizeBytes` of it were read before it failed. */
  | { readonly name: string; readonly outcome: 'broken'; readonly sizeBytes: number; readonly reason: string }

/** Physical lines within the period; a line without a time is where the record before it is. */
export interface LineCounts {
  readonly total: number
  /** Lines that begin a record. */
  readonly records: number
  /** Lines that go on with the record before them. */
  readonly continued: number
  readonly blank: number
  /** Lines before the first record, or too many after one to belong to it. */
  readonly unparsed: number
  /** Lines of more than 64 KiB; only their beginning was read. */
  readonly cut: number
}

/** How often each status was answered. */
export type StatusCounts = ReadonlyMap<number, number>

export interface RequestCounts {
  readonly total: number
  readonly byClass: Readonly<Record<RouteClass, { readonly total: number; readonly statuses: StatusCounts }>>
  /** Only routes that were asked, busiest first. */
  readonly routes: readonly RouteCounts[]
}

export interface RouteCounts {
  readonly route: LogRoute
  readonly routeClass: RouteClass
  readonly total: number
  readonly statuses: StatusCounts
}

export interface UpstreamCounts extends FailureSummary {
  /** Failures of providers one by one. */
  readonly failures: FailureLog
}

/**
 * What the log says of one model name. Failure lines have the provider's name for it, tries, cooling lines and the
 * failures of debug lines the client's; without aliases these are the same.
 */
export interface ModelCounts {
  readonly model: string
  /** Attempts with this model; only a debug log shows them, so 0 does not mean none. */
  readonly tries: number
  /** Requests that session affinity gave a credential; 0 does not mean none. */
  readonly affinityChoices: number
  readonly failures: number
  /** Failures by status; 0 stands for a status that is not known. */
  readonly failureStatuses: StatusCounts
  /** Requests that no credential was free for. */
  readonly coolingLines: number
}

/** Lines that a client wrote into the log through a line break in its path; counted nowhere else. */
export interface ForgedLines {
  readonly blocks: number
  readonly lines: number
  /** The statuses that the forged lines claim, of 401, 403, 429 and 503. */
  readonly claimedRefusals: StatusCounts
  readonly firstMs: number | null
  readonly lastMs: number | null
}

export const SEEN_KINDS = [
  'upstream-failure',
  'cooling',
  'use',
  'request-error',
  'affinity',
  'refresh',
  'reload',
] as const
export type SeenKind = (typeof SEEN_KINDS)[number]

export interface SeenLines extends Readonly<Record<SeenKind, number>> {
  /** Records of level debug or trace, of any kind. */
  readonly debug: number
  readonly failedRefreshes: number
  readonly failedReloads: number
}

/**
 * What this log cannot show. `hidden-failures`: no line names a provider, so refusals that fail-over hid, and the
 * provider behind a status, are invisible (info level, or a version that writes no such lines; contract, files 4.5).
 * `successes`: failures are named but, without debug lines, not the provider of answers that succeeded.
 */
export const BLIND_SPOTS = [
  'hidden-failures',
  'successes',
  'broken-part',
  'forged-lines',
  'cut-lines',
  'unparsed-lines',
] as const
export type BlindSpot = (typeof BLIND_SPOTS)[number]
