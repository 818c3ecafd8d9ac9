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
  readonly startMs: number
  /** The latest time: lines of concurrent requests are out of order by a second or two. */
  endMs: number
  readonly firstOrdinal: number
  lastOrdinal: number
  /** Rows of other groups lie between these two. */
  readonly firstRow: number
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
  const statuses = new Set(definition.statuses)
  const open = new Map<number, Chain>()
  const closed: Chain[] = []
  let before = 0
  for (const block of blocks) {
    for (let row = 0; row < block.size; row++) {
      const status = block.status[row] ?? 0
      if (!statuses.has(status)) continue
      const group = groupOf(block, row)
      const atMs = block.atMs[row] ?? 0
      const ordinal = block.ordinal[row] ?? 0
      let chain = open.get(group)
      if (chain === undefined || atMs - chain.endMs > definition.maxGapMs) {
        if (chain !== undefined && chain.count >= definition.minEvents) closed.push(chain)
        chain = startChain(group, status, atMs, ordinal, before + row)
        open.set(group, chain)
      }
      chain.endMs = Math.max(chain.endMs, atMs)
      chain.lastOrdinal = ordinal
      chain.lastRow = before + row
      chain.count++
    }
    before += block.size
  }
  return [...closed, ...open.values()].filter(({ count }) => count >= definition.minEvents)
}

function startChain(group: number, status: number, atMs: number, ordinal: number, row: number): Chain {
  return {
    group,
    status,
    startMs: atMs,
    endMs: atMs,
    firstOrdinal: ordinal,
    lastOrdinal: ordinal,
    firstRow: row,
    lastRow: row,
    count: 0,
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
