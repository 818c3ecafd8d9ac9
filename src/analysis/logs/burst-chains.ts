import type { BurstDefinition } from './bursts.ts'

/** Rows of events in typed columns. */
export interface EventBlock {
  readonly size: number
  readonly atMs: Float64Array
  readonly status: Uint16Array
  readonly ordinal: Uint32Array
}

/** Neighbouring events of one group. */
export interface Chain {
  readonly group: number
  readonly status: number
  startMs: number
  /** The latest time: lines of concurrent requests are out of order by a second or two. */
  endMs: number
  firstOrdinal: number
  lastOrdinal: number
  /** Rows of other groups lie between these two. */
  firstRow: number
  lastRow: number
  count: number
}

/** Tells which events can be neighbours. */
export type GroupOf<Block extends EventBlock> = (block: Block, row: number) => number

/**
 * The chains that have enough events. There can be millions of events, most of them alone, and this is over before much
 * of it is compiled: so nothing is added up here that is wanted of few chains only.
 */
export function chains<Block extends EventBlock>(
  blocks: readonly Block[],
  groupOf: GroupOf<Block>,
  definition: BurstDefinition,
): Chain[] {
  const { statuses } = definition
  const builder = new ChainBuilder(definition)
  let before = 0
  for (const block of blocks) {
    for (let row = 0; row < block.size; row++) {
      const status = block.status[row] ?? 0
      if (!statuses.includes(status)) continue
      builder.add(groupOf(block, row), status, block.atMs[row] ?? 0, block.ordinal[row] ?? 0, before + row)
    }
    before += block.size
  }
  return builder.result()
}

class ChainBuilder {
  readonly #maxGapMs: number
  readonly #minEvents: number
  readonly #open = new Map<number, Chain>()
  readonly #closed: Chain[] = []

  constructor({ maxGapMs, minEvents }: BurstDefinition) {
    this.#maxGapMs = maxGapMs
    this.#minEvents = minEvents
  }

  add(group: number, status: number, atMs: number, ordinal: number, row: number): void {
    let chain = this.#open.get(group)
    if (chain === undefined) chain = this.#start(group, status)
    else if (atMs - chain.endMs > this.#maxGapMs) {
      // One that came to nothing is used again.
      if (chain.count < this.#minEvents) chain.count = 0
      else {
        this.#closed.push(chain)
        chain = this.#start(group, status)
      }
    }
    if (chain.count === 0) {
      chain.startMs = atMs
      chain.endMs = atMs
      chain.firstOrdinal = ordinal
      chain.firstRow = row
    } else if (atMs > chain.endMs) chain.endMs = atMs
    chain.lastOrdinal = ordinal
    chain.lastRow = row
    chain.count++
  }

  result(): Chain[] {
    return [...this.#closed, ...this.#open.values()].filter(({ count }) => count >= this.#minEvents)
  }

  #start(group: number, status: number): Chain {
    const none = { startMs: 0, endMs: 0, firstOrdinal: 0, lastOrdinal: 0, firstRow: 0, lastRow: 0, count: 0 }
    const chain = { group, status, ...none }
    this.#open.set(group, chain)
    return chain
  }
}

/** Shows every event of a chain. */
export function visit<Block extends EventBlock>(
  blocks: readonly Block[],
  groupOf: GroupOf<Block>,
  chain: Chain,
  see: (block: Block, row: number) => void,
): void {
  let before = 0
  for (const block of blocks) {
    const from = Math.max(0, chain.firstRow - before)
    const to = Math.min(block.size - 1, chain.lastRow - before)
    for (let row = from; row <= to; row++) {
      if (groupOf(block, row) === chain.group) see(block, row)
    }
    before += block.size
  }
}
