import type { FailureFacts } from './attribution.ts'
import { RequestBook } from './attribution.ts'
import { detached } from './detached.ts'
import { isRefusal, RefusalLog } from './events.ts'
import { FailureLog } from './failures.ts'
import type { LogLine, LogRecord } from './line.ts'
import type { LogScan, PartRead, SeenKind } from './log-scan.ts'
import { SEEN_KINDS } from './log-scan.ts'
import type { LogPeriod } from './log-time.ts'
import { LogTime } from './log-time.ts'
import type { AccessMessage, Message } from './message.ts'
import { RequestCounter } from './request-counter.ts'
import type { RequestKey } from './request-id.ts'
import { requestKey } from './request-id.ts'
import { CLASS_OF_ROUTE, CLIENT_API, OTHER_ROUTE, PREFLIGHT_ROUTE, routeAt } from './routes.ts'
import type { ModelMentions } from './summary.ts'
import { blindSpotsOf, contentOf, summarizeModels } from './summary.ts'
import type { UpstreamFailureMessage } from './upstream-failure.ts'

export interface TallyOptions extends LogPeriod {
  /** Called with every record of the period, in the order of the log; forged ones are left out. */
  readonly onRecord?: ((record: LogRecord, atMs: number) => void) | undefined
}

/** Lines after a record that can still be its own (contract, files 4.6). */
const MAX_CONTINUED_LINES = 200
const MAX_MODELS = 5000

/** Adds up a log line by line. Both readers, the one by lines and the one by bytes, end here. */
export class Tally {
  /** Where the reading has come to: who tells of a record moves it there first. */
  readonly time: LogTime
  readonly #zone: string
  readonly #onRecord: TallyOptions['onRecord']

  /** How many more lines can belong to the record before them. */
  #continuationsLeft = 0
  #recordsOutside = 0
  /** Records but for access lines, and all other lines. */
  readonly #lines = { others: 0, continued: 0, blank: 0, unparsed: 0, cut: 0 }

  readonly #requests = new RequestCounter()
  readonly #failures = new FailureLog()
  readonly #book = new RequestBook(this.#failures)
  readonly #refusals = new RefusalLog(this.#book.providers)
  readonly #seen = {
    ...(Object.fromEntries(SEEN_KINDS.map((kind) => [kind, 0])) as Record<SeenKind, number>),
    debug: 0,
    failedRefreshes: 0,
    failedReloads: 0,
  }
  readonly #models = new Map<string, ModelMentions>()
  readonly #forged = {
    blocks: 0,
    lines: 0,
    claimedRefusals: new Map<number, number>(),
    firstMs: null as number | null,
    lastMs: null as number | null,
  }
  #gatewayVersion: string | null = null

  constructor(options: TallyOptions) {
    this.#zone = options.clock.zone
    this.time = new LogTime(options)
    this.#onRecord = options.onRecord
  }

  /** Keeps the counts of requests in these cells from now on; whoever else counts in them calls `counted`. */
  countIn(cells: Uint32Array<ArrayBuffer>, ofClass: Uint32Array<ArrayBuffer>): void {
    this.#requests.countIn(cells, ofClass)
  }

  /** Whether `answered` has to know of the next access line, whatever its status. */
  get awaitsAnswers(): boolean {
    return this.#book.size > 0
  }

  /** So many access lines up to now, whose requests are counted if they lie within the period. */
  counted(lines: number): void {
    this.#continuationsLeft = MAX_CONTINUED_LINES
    if (this.time.place !== 'within') this.#recordsOutside += lines
  }

  /**
   * What the access line counted last says of its request; one behind the period still says how the requests in it
   * ended. Only refusals need a latency.
   */
  answered(route: number, status: number, latencyMs: number | null, key: RequestKey): void {
    if (isRefusal(status)) this.#refuse(route, status, latencyMs, key)
    else this.#book.settle(key, this.time.nowMs, status)
  }

  /** What `failed` wants of a failure line. */
  failureFacts(message: UpstreamFailureMessage): FailureFacts {
    return this.#book.failureFacts(message)
  }

  /** A failure line. */
  failed(key: RequestKey, facts: FailureFacts): void {
    const { place, nowMs } = this.time
    this.#countOther()
    if (place === 'within') this.#seen['upstream-failure']++
    if (place === 'within' || place === 'context') this.#book.failure(key, nowMs, this.#ordinal(), facts)
  }

  accept(line: LogLine): void {
    if (line.kind === 'continuation') {
      this.#goOn()
      return
    }
    this.time.moveTo(line.wallSeconds, line.stampMs)
    const { message } = line
    const key = requestKey(line.requestId)
    if (message.kind === 'access') this.#access(message, key)
    else if (message.kind === 'upstream-failure') this.failed(key, this.failureFacts(message))
    else this.#note(key, message)
    if (this.time.place !== 'within') return
    if (line.level === 'debug' || line.level === 'trace') this.#seen.debug++
    this.#onRecord?.(line, this.time.nowMs)
  }

  #access(message: AccessMessage, key: RequestKey): void {
    const route = routeOf(message)
    if (this.time.place === 'within') this.#requests.add(route, message.status)
    this.counted(1)
    this.answered(route, message.status, message.latencyMs, key)
  }

  /** A record of another kind. */
  #note(key: RequestKey, message: Message): void {
    const { place, nowMs } = this.time
    this.#countOther()
    if (place === 'within' || place === 'context') this.#join(key, nowMs, message)
    if (place === 'within') this.#count(message)
  }

  #countOther(): void {
    this.#continuationsLeft = MAX_CONTINUED_LINES
    if (this.time.place === 'within') this.#lines.others++
    else this.#recordsOutside++
  }

  blank(): void {
    if (this.time.place !== 'within') return
    this.#lines.blank++
  }

  /** The line passed on next or just now was longer than what was read of it. */
  cut(): void {
    if (this.time.place === 'within') this.#lines.cut++
  }

  forged(lines: readonly LogLine[]): void {
    if (this.time.place !== 'within') return
    const forged = this.#forged
    forged.blocks++
    forged.lines += lines.length
    forged.firstMs ??= this.time.endMs
    forged.lastMs = this.time.endMs
    for (const line of lines) {
      if (line.kind !== 'record' || line.message.kind !== 'access') continue
      const { status } = line.message
      if (!isRefusal(status)) continue
      forged.claimedRefusals.set(status, (forged.claimedRefusals.get(status) ?? 0) + 1)
    }
  }

  endOfPart(): void {
    this.#continuationsLeft = 0
  }

  result(parts: readonly PartRead[]): LogScan {
    const failures = this.#failures.summary()
    const requests = this.#requests.result()
    const { others, continued, blank, unparsed, cut } = this.#lines
    const records = requests.total + others
    const total = records + continued + blank + unparsed + this.#forged.lines
    const lines = { total, records, continued, blank, unparsed, cut }
    return {
      parts,
      zone: this.#zone,
      span: this.time.span,
      endMs: this.time.endMs,
      content: contentOf(lines, this.#recordsOutside),
      lines,
      requests,
      refusals: this.#refusals,
      upstream: { failures: this.#failures, ...failures },
      models: summarizeModels(this.#models, failures.groups),
      forged: this.#forged,
      seen: this.#seen,
      gatewayVersion: this.#gatewayVersion,
      blindSpots: blindSpotsOf(parts, lines, this.#forged, this.#seen),
    }
  }

  #goOn(): void {
    const isContinued = this.#continuationsLeft > 0
    if (isContinued) this.#continuationsLeft--
    if (this.time.place !== 'within') return
    if (isContinued) this.#lines.continued++
    else this.#lines.unparsed++
  }

  #refuse(route: number, status: number, latencyMs: number | null, key: RequestKey): void {
    if (this.time.place === 'before') return
    const atMs = this.time.nowMs
    const group = CLASS_OF_ROUTE[route] ?? 0
    const { origin, provider } = this.#book.answer(key, atMs, status, latencyMs, group)
    if (this.time.place !== 'within') return
    this.#refusals.add({
      atMs,
      origin,
      provider,
      status,
      route,
      latencyMs,
      requestId: typeof key === 'number' ? key : -1,
      ordinal: this.#requests.ofClass(group),
    })
  }

  #join(key: RequestKey, atMs: number, message: Message): void {
    if (message.kind === 'request-error') this.#book.requestError(key, atMs, this.#ordinal(), message)
    else if (message.kind === 'use') this.#book.use(key, atMs, message)
    else if (message.kind === 'cooling') this.#book.cooling(key, atMs, message)
  }

  /** How many client API requests have been answered; null while nothing is counted yet. */
  #ordinal(): number | null {
    return this.time.place === 'within' ? this.#requests.ofClass(CLIENT_API) : null
  }

  #count(message: Message): void {
    if (isSeenKind(message.kind)) this.#seen[message.kind]++
    if (message.kind === 'use') this.#mention(message.model, 'tries')
    else if (message.kind === 'affinity') this.#mention(message.model, 'affinityChoices')
    else if (message.kind === 'cooling') this.#mention(message.model, 'coolingLines')
    else if (message.kind === 'refresh' && message.result === 'failed') this.#seen.failedRefreshes++
    else if (message.kind === 'reload' && message.result === 'failed') this.#seen.failedReloads++
    else if (message.kind === 'start') this.#gatewayVersion = message.version
  }

  #mention(model: string, how: keyof ModelMentions): void {
    let mentions = this.#models.get(model)
    if (mentions === undefined) {
      mentions = { tries: 0, affinityChoices: 0, coolingLines: 0 }
      if (this.#models.size < MAX_MODELS) this.#models.set(detached(model), mentions)
    }
    mentions[how]++
  }
}

function routeOf(access: AccessMessage): number {
  if (access.method === 'OPTIONS') return PREFLIGHT_ROUTE
  return access.pathEnd === 'open' ? OTHER_ROUTE : routeAt(access.path)
}

const SEEN: ReadonlySet<string> = new Set(SEEN_KINDS)

function isSeenKind(kind: string): kind is SeenKind {
  return SEEN.has(kind)
}
