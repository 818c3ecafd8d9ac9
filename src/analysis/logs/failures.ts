import { CredentialLabels } from './credential.ts'
import { detached } from './detached.ts'

/** Who failed; null where the log does not say. The credential is masked. */
export interface UpstreamParty {
  readonly provider: string | null
  readonly model: string | null
  readonly credential: string | null
}

/** The number of the party of which nothing is known. */
export const NOBODY_KNOWN = 0

/** One refusal by a provider. */
export interface UpstreamFailure extends UpstreamParty {
  readonly atMs: number
  readonly status: number | null
  /** What the client of this request got in the end; null when no access line of it was seen within 30 minutes. */
  readonly clientStatus: number | null
  /** How many client API requests the log had answered by then. */
  readonly ordinal: number
}

/** How sure a status is: `firm` was written in the log as such, `guess` was read out of error words. */
export type StatusEvidence =
  | { readonly kind: 'firm'; readonly status: number }
  | { readonly kind: 'guess'; readonly status: number }
  | { readonly kind: 'unknown' }

/** More names than any gateway has; what comes after them is counted without a name. */
const MAX_PARTIES = 20_000
const MAX_NAME_LENGTH = 200

const NOBODY: UpstreamParty = { provider: null, model: null, credential: null }

/** Of some failures by one party with one status. */
export interface FailureGroup extends UpstreamParty {
  readonly status: number | null
  readonly count: number
  /** Of these, the ones after which the client got a status below 400 all the same. */
  readonly hidden: number
}

export interface FailureSummary {
  /**
   * Failures after which the client got a status below 400 all the same: fail-over hid them, or the answer had begun
   * and broke off, which leaves its 200 (contract, files 4.5).
   */
  readonly hidden: number
  /** Failures whose client got an error. */
  readonly passedOn: number
  /** Failures without an access line of the same request within 30 minutes. */
  readonly unanswered: number
  /** By provider, model, credential and status, most frequent first. */
  readonly groups: readonly FailureGroup[]
}

const STATUSES = 1000
const BLOCK_ROWS = 4096

/** Rows in typed columns, for the same reason as in `RefusalLog`. */
export class FailureBlock {
  /** How many rows are filled. */
  size = 0
  readonly atMs = new Float64Array(BLOCK_ROWS)
  readonly ordinal = new Uint32Array(BLOCK_ROWS)
  readonly party = new Uint16Array(BLOCK_ROWS)
  readonly status = new Uint16Array(BLOCK_ROWS)
  readonly isFirm = new Uint8Array(BLOCK_ROWS)
  readonly clientStatus = new Uint16Array(BLOCK_ROWS)
}

/** All upstream failures of a scan in the order of the log. */
export class FailureLog implements Iterable<UpstreamFailure> {
  /** For loops over all rows that would take too long through the iterator. */
  readonly blocks: FailureBlock[] = []
  /** What the column `party` counts by. */
  readonly parties: UpstreamParty[] = [NOBODY]
  readonly #partyIndex = new Map<string, number>()
  readonly #labels = new CredentialLabels(MAX_PARTIES)

  get size(): number {
    return this.blocks.reduce((rows, { size }) => rows + size, 0)
  }

  /** The number of a party; its credential comes as the log has it. */
  partyOf(party: UpstreamParty): number {
    const key = `${party.provider}\0${party.model}\0${party.credential}`
    const known = this.#partyIndex.get(key)
    if (known !== undefined) return known
    if (this.parties.length >= MAX_PARTIES) return 0
    const index = this.parties.push({
      provider: name(party.provider),
      model: name(party.model),
      credential: party.credential === null ? null : name(this.#labels.labelOf(party.credential)),
    })
    this.#partyIndex.set(detached(key), index - 1)
    return index - 1
  }

  /** Adds a failure and returns its row for `name`, `answer` and `amend`. */
  add(atMs: number, ordinal: number, party: number, status: StatusEvidence): number {
    let block = this.blocks.at(-1)
    if (block === undefined || block.size === BLOCK_ROWS) {
      block = new FailureBlock()
      this.blocks.push(block)
    }
    const at = block.size++
    block.atMs[at] = atMs
    block.ordinal[at] = ordinal
    block.party[at] = party
    block.status[at] = status.kind === 'unknown' ? 0 : status.status
    block.isFirm[at] = status.kind === 'firm' ? 1 : 0
    return (this.blocks.length - 1) * BLOCK_ROWS + at
  }

  /** Says who failed in a row added before. */
  name(row: number, party: number): void {
    this.#blockOf(row).party[row % BLOCK_ROWS] = party
  }

  /** Says what the client got. */
  answer(row: number, clientStatus: number): void {
    this.#blockOf(row).clientStatus[row % BLOCK_ROWS] = clientStatus
  }

  /** Gives a row a better status, unless its own was written in the log. */
  amend(row: number, status: number): void {
    const block = this.#blockOf(row)
    if (block.isFirm[row % BLOCK_ROWS] === 0) block.status[row % BLOCK_ROWS] = status
  }

  /** How often each party failed with each status, most frequent first, and how the requests ended. */
  summary(): FailureSummary {
    const groups = new Map<number, { -readonly [Key in keyof FailureGroup]: FailureGroup[Key] }>()
    let hidden = 0
    let unanswered = 0
    for (const block of this.blocks) {
      for (let row = 0; row < block.size; row++) {
        const party = block.party[row] ?? NOBODY_KNOWN
        const status = block.status[row] ?? 0
        let group = groups.get(party * STATUSES + status)
        if (group === undefined) {
          group = { ...(this.parties[party] ?? NOBODY), status: status || null, count: 0, hidden: 0 }
          groups.set(party * STATUSES + status, group)
        }
        group.count++
        const clientStatus = block.clientStatus[row] ?? 0
        if (clientStatus === 0) unanswered++
        else if (clientStatus < 400) {
          group.hidden++
          hidden++
        }
      }
    }
    const passedOn = this.size - hidden - unanswered
    return { hidden, passedOn, unanswered, groups: [...groups.values()].sort((a, b) => b.count - a.count) }
  }

  *[Symbol.iterator](): Generator<UpstreamFailure> {
    for (const block of this.blocks) {
      for (let row = 0; row < block.size; row++) yield this.#failure(block, row)
    }
  }

  #failure(block: FailureBlock, row: number): UpstreamFailure {
    const { provider, model, credential } = this.parties[block.party[row] ?? NOBODY_KNOWN] ?? NOBODY
    return {
      provider,
      model,
      credential,
      atMs: block.atMs[row] ?? 0,
      status: block.status[row] || null,
      clientStatus: block.clientStatus[row] || null,
      ordinal: block.ordinal[row] ?? 0,
    }
  }

  #blockOf(row: number): FailureBlock {
    const block = this.blocks[Math.floor(row / BLOCK_ROWS)]
    if (block === undefined) throw new RangeError(`no failure ${row}`)
    return block
  }
}

function name(text: string | null): string | null {
  return text === null ? null : detached(text.slice(0, MAX_NAME_LENGTH))
}
