import { detached } from './detached.ts'
import type { Origin } from './events.ts'
import type { FailureLog, StatusEvidence } from './failures.ts'
import { NOBODY_KNOWN } from './failures.ts'
import type { CoolingMessage, RequestErrorMessage, UseMessage } from './message.ts'
import type { RequestKey } from './request-id.ts'
import { NO_REQUEST } from './request-id.ts'
import { HEALTH, MANAGEMENT } from './routes.ts'
import type { UpstreamFailureMessage } from './upstream-failure.ts'
import { statusInText } from './upstream-status.ts'

/** Ids are random and 32 bits long; over days the same one comes twice (contract, files 4.5). */
const JOIN_WITHIN_MS = 30 * 60_000
/** A gateway has far fewer requests under way; the bound is for hostile logs. */
const MAX_OPEN_REQUESTS = 10_000
const MAX_PROVIDERS = 10_000

/**
 * Without a failure line of the request, an answer faster than this came from the gateway itself: a wrong client
 * key, safe mode, a cooldown, no credential (contract, files 4.5; 429 says "0-20 ms", written in whole ms).
 */
const LOCAL_BELOW_MS: Readonly<Record<number, number>> = { 401: 5, 403: 5, 429: 21, 503: 50 }

/** What the log has said so far about a request that is not answered yet. */
interface OpenRequest {
  lastMs: number
  /** Rows of its failures; empty also when they lie before the period that is counted. */
  rows: number[]
  failures: number
  provider: number
  cooling: boolean
  /** Who is being tried, by number; null when the log does not tell. */
  trying: number | null
  /** The row of a request error whose failure line has not come (yet). */
  unnamedRow: number | null
}

const NO_ROWS: number[] = []

/** Most requests fail once, and an array that grows takes memory for many. */
function addRow(request: OpenRequest, row: number): void {
  if (request.rows.length === 0) request.rows = [row]
  else request.rows.push(row)
}

/** A failure line, but for when it was written and for which request. */
export interface FailureFacts {
  /** Index into `providers`, -1 when there are too many. */
  readonly provider: number
  /** The party's number in the log of failures. */
  readonly party: number
  readonly evidence: StatusEvidence
}

export interface Answer {
  readonly origin: Origin
  /** Index into `providers`, -1 when unknown. */
  readonly provider: number
}

/**
 * Joins the lines of a request by its id: failure lines come before the access line, which the gateway writes when
 * the answer has ended (contract, files 4.3 and 4.5).
 */
export class RequestBook {
  readonly providers: string[] = []
  readonly #failures: FailureLog
  readonly #providerIndex = new Map<string, number>()
  // Requests with a line in the last half hour are in `#recent`, those of the half hour before in `#older`: so letting
  // go of old ones costs nothing, however many there are.
  #recent = new Map<RequestKey, OpenRequest>()
  #older = new Map<RequestKey, OpenRequest>()
  #recentSinceMs = 0
  /** The request that the last line was about; most are answered by the next one, and never get into the maps. */
  #latest: OpenRequest | null = null
  #latestKey: RequestKey = NO_REQUEST

  constructor(failures: FailureLog) {
    this.#failures = failures
  }

  /** How many requests are open; while there are none, access lines need not be looked up. */
  get size(): number {
    return this.#recent.size + this.#older.size + (this.#latest === null ? 0 : 1)
  }

  /** What a failure line says, whenever it says so. */
  failureFacts(message: UpstreamFailureMessage): FailureFacts {
    const { provider, status, error } = message
    return {
      provider: this.#provider(provider),
      party: this.#failures.partyOf(message),
      evidence: status === null ? statusInText(error) : { kind: 'firm', status },
    }
  }

  /** `ordinal` is null while the lines lie before the period that is counted. */
  failure(key: RequestKey, atMs: number, ordinal: number | null, facts: FailureFacts): void {
    const { provider, party, evidence } = facts
    const request = this.#request(key, atMs)
    request.failures++
    request.provider = provider
    if (ordinal === null) return
    if (request.unnamedRow !== null) {
      this.#failures.name(request.unnamedRow, party)
      request.unnamedRow = null
      return
    }
    addRow(request, this.#failures.add(atMs, ordinal, party, evidence))
  }

  requestError(key: RequestKey, atMs: number, ordinal: number | null, message: RequestErrorMessage): void {
    const request = this.#request(key, atMs)
    request.failures++
    if (ordinal === null) return
    const status = { kind: 'firm', status: message.status } as const
    const party = request.trying ?? NOBODY_KNOWN
    request.unnamedRow = this.#failures.add(atMs, ordinal, party, status)
    addRow(request, request.unnamedRow)
  }

  use(key: RequestKey, atMs: number, message: UseMessage): void {
    const request = this.#request(key, atMs)
    request.trying = this.#failures.partyOf(message)
    request.unnamedRow = null
    if (message.provider !== null) request.provider = this.#provider(message.provider)
  }

  cooling(key: RequestKey, atMs: number, message: CoolingMessage): void {
    const request = this.#request(key, atMs)
    request.cooling = true
    const only = message.providers.length === 1 ? message.providers[0] : undefined
    if (only !== undefined && request.failures === 0) request.provider = this.#provider(only)
  }

  /** The access line of a request: its failures learn what the client got. */
  settle(key: RequestKey, atMs: number, status: number): void {
    this.#settled(key, atMs, status)
  }

  /** As `settle`, for a refusal on a route of this class: says also where it came from. */
  answer(
    key: RequestKey,
    atMs: number,
    status: number,
    latencyMs: number | null,
    classNumber: number,
  ): Answer {
    const request = this.#settled(key, atMs, status)
    const provider = request?.provider ?? -1
    if (request !== null && reachedProvider(request)) return { origin: 'upstream', provider }
    if (request?.cooling || classNumber === MANAGEMENT || classNumber === HEALTH) {
      return { origin: 'local', provider }
    }
    const fast = latencyMs !== null && latencyMs < (LOCAL_BELOW_MS[status] ?? 0)
    return { origin: fast ? 'local' : 'presumed-upstream', provider }
  }

  #settled(key: RequestKey, atMs: number, status: number): OpenRequest | null {
    if (this.size === 0) return null
    const request = this.#take(key, atMs)
    if (request === null) return null
    for (const row of request.rows) this.#failures.answer(row, status)
    // The client gets the last provider's error, unless credentials in cooldown had the last word.
    const last = request.rows.at(-1)
    if (last !== undefined && status >= 400 && !request.cooling) this.#failures.amend(last, status)
    return request
  }

  #take(key: RequestKey, atMs: number): OpenRequest | null {
    const request = key === this.#latestKey ? this.#takeLatest() : this.#takeKept(key, atMs)
    return request === null || atMs - request.lastMs > JOIN_WITHIN_MS ? null : request
  }

  #takeLatest(): OpenRequest | null {
    const request = this.#latest
    this.#latest = null
    this.#latestKey = NO_REQUEST
    return request
  }

  #takeKept(key: RequestKey, atMs: number): OpenRequest | null {
    this.#age(atMs)
    for (const kept of [this.#recent, this.#older]) {
      const request = kept.get(key)
      if (request === undefined) continue
      kept.delete(key)
      return request
    }
    return null
  }

  #request(key: RequestKey, atMs: number): OpenRequest {
    const known = this.#take(key, atMs)
    const request: OpenRequest = known ?? {
      lastMs: atMs,
      rows: NO_ROWS,
      failures: 0,
      provider: -1,
      cooling: false,
      trying: null,
      unnamedRow: null,
    }
    request.lastMs = atMs
    if (key !== NO_REQUEST) this.#keep(key, request, atMs)
    return request
  }

  #keep(key: RequestKey, request: OpenRequest, atMs: number): void {
    if (this.#latest !== null) {
      if (this.#recent.size === 0) this.#recentSinceMs = atMs
      this.#recent.set(this.#latestKey, this.#latest)
    }
    this.#latest = request
    this.#latestKey = key
  }

  #age(atMs: number): void {
    if (this.#latest !== null && atMs - this.#latest.lastMs > JOIN_WITHIN_MS) this.#takeLatest()
    if (atMs - this.#recentSinceMs <= JOIN_WITHIN_MS && this.#recent.size < MAX_OPEN_REQUESTS) return
    this.#older = this.#recent
    this.#recent = new Map()
    this.#recentSinceMs = atMs
  }

  #provider(name: string): number {
    const known = this.#providerIndex.get(name)
    if (known !== undefined) return known
    if (this.providers.length >= MAX_PROVIDERS) return -1
    const index = this.providers.push(detached(name)) - 1
    this.#providerIndex.set(detached(name), index)
    return index
  }
}

// Some refusals have no failure line, such as a 401 with an OpenAI body, but a try is a try.
function reachedProvider({ failures, trying, cooling }: OpenRequest): boolean {
  return failures > 0 || (trying !== null && !cooling)
}
