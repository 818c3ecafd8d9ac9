import wasm from './assembly/ordinary-lines.wasm'
import * as assembly from './assembly/shared.ts'
import type { FailureFacts } from './attribution.ts'
import { REFUSALS } from './events.ts'
import { goDurationMs } from './go-duration.ts'
import { plainPrefixLength } from './line.ts'
import type { RequestKey } from './request-id.ts'
import { requestKey } from './request-id.ts'
import { CLASS_OF_ROUTE, LOG_ROUTES, ROUTE_CLASSES, routeAt } from './routes.ts'
import type { Tally } from './tally.ts'
import type { UpstreamFailureMessage } from './upstream-failure.ts'
import { readUpstreamFailure } from './upstream-failure.ts'

/** What `assembly/ordinary-lines.ts` exports; addresses are of bytes in its memory. */
interface Assembly {
  readonly memory: WebAssembly.Memory
  readonly facts: WebAssembly.Global
  readonly refusals: WebAssembly.Global
  readonly counts: WebAssembly.Global
  readonly classCounts: WebAssembly.Global
  input(): number
  setTimes(from: number, end: number, areCounted: boolean): void
  learn(which: number, length: number): number
  read(from: number, end: number, areAwaited: boolean): number
  rememberPath(from: number, quote: number, route: number, routeClass: number): void
  rememberText(): number
}

/** For what `allocate` gives; it costs nothing before it is used. */
const MEMORY_BYTES = 10 * 2 ** 20
const PAGE_BYTES = 65_536
/** Of chunks that are elsewhere, so much at a time is copied into the memory: it stays in a processor's cache. */
const WINDOW_BYTES = 131_072
const NO_ID = '--------'

/** What V8 has made of it, for speed too, is kept for the next log. */
let compiled: WebAssembly.Module | undefined

function instantiated(): Assembly | null {
  try {
    compiled ??= new WebAssembly.Module(wasm)
    const instance = new WebAssembly.Instance(compiled).exports as Assembly
    instance.memory.grow(MEMORY_BYTES / PAGE_BYTES)
    return instance
  } catch {
    return null
  }
}

/**
 * Reads the ordinary lines of era E straight from the bytes: nearly all lines of a log are such, and decoding and
 * matching them costs many times more. It takes only what `parseLine` reads the same way and leaves every other line
 * to it: `assembly/ordinary-lines.ts` says which they are.
 */
export class OrdinaryLineReader {
  readonly #tally: Tally
  readonly #assembly: Assembly
  readonly #memory: Buffer
  readonly #facts: Int32Array
  /** What failure lines say, by the numbers of their texts. */
  readonly #failures: FailureFacts[] = []
  readonly #known: string[] = []
  /** Where chunks from elsewhere are copied to. */
  readonly #window: number
  /** From here on memory can be given away. */
  #free = 0

  // This piece of the chunk is in the memory: up to `#end`, and `#shift` bytes further on.
  #end = 0
  #shift = 0

  // What `setTimes` said last.
  #timesFrom = 0
  #timesEnd = 0

  /** Null where WebAssembly, its instructions for sixteen bytes at a time, or the address space for it are missing. */
  static create(tally: Tally): OrdinaryLineReader | null {
    const instance = instantiated()
    return instance === null ? null : new OrdinaryLineReader(tally, instance)
  }

  private constructor(tally: Tally, instance: Assembly) {
    this.#tally = tally
    this.#assembly = instance
    const { memory, facts, refusals, counts, classCounts } = instance
    this.#memory = Buffer.from(memory.buffer)
    this.#window = instance.input()
    this.startPart()
    this.#facts = new Int32Array(memory.buffer, facts.value, assembly.FACTS)
    for (const status of REFUSALS) this.#memory[refusals.value + status - assembly.FIRST_STATUS] = 1
    tally.countIn(
      new Uint32Array(memory.buffer, counts.value, LOG_ROUTES.length * assembly.STATUSES),
      new Uint32Array(memory.buffer, classCounts.value, ROUTE_CLASSES.length),
    )
  }

  /** Takes back what `allocate` gave. */
  startPart(): void {
    this.#free = this.#window + WINDOW_BYTES + assembly.ROOM
  }

  /** A piece of the memory, from which a chunk is read without copying it; null when there is too little left. */
  allocate(bytes: number): Buffer | null {
    const end = this.#free + bytes
    if (end + assembly.ROOM > this.#memory.length) return null
    const piece = this.#memory.subarray(this.#free, end)
    this.#free = end + assembly.ROOM
    return piece
  }

  /** To be called for every chunk before it is read. */
  startChunk(chunk: Buffer): void {
    const isHere = chunk.buffer === this.#memory.buffer
    this.#end = isHere ? chunk.length : 0
    this.#shift = chunk.byteOffset
    if (isHere) this.#clearBehind(chunk.byteOffset + chunk.length)
  }

  /** Reads lines of the chunk from `from` on and returns where the first line begins that it did not take. */
  read(chunk: Buffer, from: number): number {
    let at = from
    for (;;) {
      if (at >= this.#end) this.#moveTo(chunk, at)
      const why = this.#run(at)
      at = this.#fact(assembly.POSITION) - this.#shift
      if (why === assembly.ACCESS) this.#answer()
      else if (why === assembly.FAILURE) this.#fail()
      else if (why === assembly.NEW_PATH) this.#learnPath()
      else if (why !== assembly.NEW_FAILURE || !this.#learnFailure()) {
        if (this.#end === chunk.length || at + MAX_LINE <= this.#end) return at
        this.#moveTo(chunk, at)
      }
    }
  }

  /** Learns what surrounds the message of an access line or a failure line that `parseLine` has read. */
  learn(line: Buffer, kind: 'access' | 'upstream-failure'): void {
    const text = line.toString('latin1', 0, assembly.ROOM)
    const prefixLength = plainPrefixLength(text)
    if (prefixLength === null) return
    this.#learnText(assembly.PREFIX, text.slice(0, prefixLength))
    const [, head, level = ''] = HEAD.exec(text.slice(prefixLength)) ?? []
    const which = kind === 'access' ? ACCESS_HEADS[level] : assembly.FAILURE_HEAD
    if (which !== undefined) this.#learnText(which, head)
  }

  #learnText(which: number, text: string | undefined): void {
    if (text === undefined || text === this.#known[which] || text.length > assembly.MAX_KNOWN_LENGTH) return
    this.#known[which] = text
    this.#memory.write(text, this.#assembly.learn(which, text.length), 'latin1')
  }

  /** Brings the piece of the chunk that begins at `at` into the memory. */
  #moveTo(chunk: Buffer, at: number): void {
    this.#end = Math.min(chunk.length, at + WINDOW_BYTES)
    this.#shift = this.#window - at
    chunk.copy(this.#memory, this.#window, at, this.#end)
    this.#clearBehind(this.#end + this.#shift)
  }

  #clearBehind(end: number): void {
    this.#memory.fill(0, end, end + assembly.ROOM)
  }

  #run(at: number): number {
    const { time, awaitsAnswers } = this.#tally
    if (time.plainFrom !== this.#timesFrom || time.plainTo !== this.#timesEnd) {
      this.#timesFrom = time.plainFrom
      this.#timesEnd = time.plainTo
      this.#assembly.setTimes(time.plainFrom, time.plainTo, time.place === 'within')
    }
    const why = this.#assembly.read(at + this.#shift, this.#end + this.#shift, awaitsAnswers)
    const taken = this.#fact(assembly.TAKEN)
    if (taken > 0 || why === assembly.FAILURE) {
      time.moveTo(this.#timesFrom + this.#fact(assembly.SECONDS), null)
      this.#tally.counted(taken)
    }
    return why
  }

  #fact(which: number): number {
    return this.#facts[which] ?? 0
  }

  #answer(): void {
    const ms = this.#fact(assembly.LATENCY_MS)
    const latencyMs =
      ms >= 0 ? ms : goDurationMs(this.#text(assembly.LATENCY_FROM, assembly.LATENCY_LENGTH).trim())
    this.#tally.answered(this.#fact(assembly.ROUTE), this.#fact(assembly.STATUS), latencyMs, this.#key())
  }

  #text(from: number, length: number): string {
    const address = this.#fact(from)
    return this.#memory.toString('latin1', address, address + length)
  }

  #fail(): void {
    const failure = this.#failures[this.#fact(assembly.TEXT)]
    if (failure !== undefined) this.#tally.failed(this.#key(), failure)
  }

  #key(): RequestKey {
    if (this.#fact(assembly.ID_IS_HEX) === 1) return this.#fact(assembly.ID) >>> 0
    const text = this.#text(assembly.ID_FROM, assembly.ID_LENGTH)
    return requestKey(text === NO_ID ? null : text)
  }

  #learnPath(): void {
    const from = this.#fact(assembly.FROM)
    const quote = this.#fact(assembly.TO)
    const route = routeAt(this.#memory.toString('latin1', from, quote))
    this.#assembly.rememberPath(from, quote, route, CLASS_OF_ROUTE[route] ?? 0)
  }

  /** False when the text is no failure, or none that can be remembered. */
  #learnFailure(): boolean {
    const from = this.#fact(assembly.FROM)
    const end = this.#fact(assembly.TO)
    const text = this.#memory.toString('utf8', from, end)
    const message = text.includes('\u001b') ? null : readUpstreamFailure(text)
    if (message === null || namesDuration(message)) return false
    const number = this.#assembly.rememberText()
    if (number < 0) return false
    this.#failures[number] = this.#tally.failureFacts(message)
    return true
  }
}

/** Then what it says can be another with another duration. */
function namesDuration({ provider, model, credential, error }: UpstreamFailureMessage): boolean {
  return [provider, model, credential, error].some((text) => text.includes(' duration='))
}

/** When a line is not taken and less than this of it is in the memory, that can be why. */
const MAX_LINE = assembly.MAX_FAILURE_LENGTH + assembly.ROOM

/** What stands between the request id and the message. */
const HEAD = /^.{31}(\] \[(info |warn |error)\] \[[\w.+-]+\.\w+:\d+\] )/s
const ACCESS_HEADS: Readonly<Record<string, number>> = {
  'info ': assembly.INFO_HEAD,
  'warn ': assembly.WARN_HEAD,
  error: assembly.ERROR_HEAD,
}
