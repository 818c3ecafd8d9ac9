import type { LogRoute, RouteClass } from './routes.ts'
import { routeClass, routeName } from './routes.ts'

/** The refusals kept one by one: the runbook's three (Daily Checks 4), and 503, "no credential left". */
export const REFUSALS = [401, 403, 429, 503] as const

const IS_REFUSAL = new Uint8Array(600)
for (const status of REFUSALS) IS_REFUSAL[status] = 1

export function isRefusal(status: number): boolean {
  return IS_REFUSAL[status] === 1
}

/**
 * Who refused. `local`: the gateway itself. `upstream`: a failure line of the same request names a provider.
 * `presumed-upstream`: no such line, but it took as long as a provider takes.
 */
export const ORIGINS = ['local', 'upstream', 'presumed-upstream'] as const
export type Origin = (typeof ORIGINS)[number]

/** A refusal that a client got. */
export interface RefusalEvent {
  readonly atMs: number
  readonly status: number
  readonly route: LogRoute
  readonly routeClass: RouteClass
  /** Null when the log holds no duration. */
  readonly latencyMs: number | null
  readonly origin: Origin
  /** The provider of the last failure line of this request. */
  readonly provider: string | null
  /** For `requestIdText`; null where the log has no id of eight hex digits. */
  readonly requestId: number | null
  /** How many requests of its class the log had answered by then, itself included. */
  readonly ordinal: number
}

/** A request id as the log writes it. */
export function requestIdText(requestId: number): string {
  return requestId.toString(16).padStart(8, '0')
}

/** A refusal as it is kept: indexes instead of names, -1 for what is not known. */
export interface RefusalRow {
  atMs: number
  status: number
  route: number
  latencyMs: number | null
  origin: Origin
  provider: number
  requestId: number
  ordinal: number
}

const BLOCK_ROWS = 8192

/**
 * A block of rows in typed columns: a log in trouble has millions of refusals, and an object for each would cost more
 * memory than the log itself. Blocks are never copied, so the log of refusals grows without a peak.
 */
export class RefusalBlock {
  /** How many rows are filled. */
  size = 0
  readonly atMs = new Float64Array(BLOCK_ROWS)
  readonly requestId = new Float64Array(BLOCK_ROWS)
  readonly latencyMs = new Float32Array(BLOCK_ROWS)
  readonly ordinal = new Uint32Array(BLOCK_ROWS)
  readonly provider = new Int16Array(BLOCK_ROWS)
  readonly status = new Uint16Array(BLOCK_ROWS)
  readonly route = new Uint8Array(BLOCK_ROWS)
  readonly origin = new Uint8Array(BLOCK_ROWS)
}

/** All refusals of a scan in the order of the log. */
export class RefusalLog implements Iterable<RefusalEvent> {
  /** For loops over all rows that would take too long through the iterator. */
  readonly blocks: RefusalBlock[] = []
  /** The names that the column `provider` counts by. */
  readonly providers: readonly string[]

  constructor(providers: readonly string[]) {
    this.providers = providers
  }

  get size(): number {
    return this.blocks.reduce((rows, { size }) => rows + size, 0)
  }

  add(event: RefusalRow): void {
    let block = this.blocks.at(-1)
    if (block === undefined || block.size === BLOCK_ROWS) {
      block = new RefusalBlock()
      this.blocks.push(block)
    }
    const row = block.size++
    block.atMs[row] = event.atMs
    block.requestId[row] = event.requestId
    block.latencyMs[row] = event.latencyMs ?? Number.NaN
    block.ordinal[row] = event.ordinal
    block.provider[row] = event.provider
    block.status[row] = event.status
    block.route[row] = event.route
    block.origin[row] = ORIGINS.indexOf(event.origin)
  }

  *[Symbol.iterator](): Generator<RefusalEvent> {
    for (const block of this.blocks) {
      for (let row = 0; row < block.size; row++) yield this.#event(block, row)
    }
  }

  #event(block: RefusalBlock, row: number): RefusalEvent {
    const route = routeName(block.route[row] ?? 0)
    const requestId = block.requestId[row] ?? -1
    const latencyMs = block.latencyMs[row] ?? Number.NaN
    return {
      atMs: block.atMs[row] ?? 0,
      status: block.status[row] ?? 0,
      route,
      routeClass: routeClass(route),
      latencyMs: Number.isNaN(latencyMs) ? null : latencyMs,
      origin: ORIGINS[block.origin[row] ?? 0] ?? 'presumed-upstream',
      provider: this.providers[block.provider[row] ?? -1] ?? null,
      requestId: requestId < 0 ? null : requestId,
      ordinal: block.ordinal[row] ?? 0,
    }
  }
}
