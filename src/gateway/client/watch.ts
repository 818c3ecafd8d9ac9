import { setMaxListeners } from 'node:events'
import type { Clock } from '../../core/clock.ts'
import type { Fault } from '../port.ts'
import type { Exchange } from './exchange.ts'

/** The longest time node's timers can count. */
const LONGEST_MS = 2 ** 31 - 1

export interface WatchOptions {
  readonly timeoutMs: number
  readonly signals: readonly (AbortSignal | undefined)[]
  readonly clock: Clock
}

/**
 * Sees to it that one call ends in time: at its limit, or when one of the signals aborts, whatever it is doing just
 * then. The limit runs on node's own timer and not on the lent clock: it guards real sockets, and a test that moves its
 * clock by ten minutes must not time out what is on its way.
 */
export class Watch {
  /** Resolves when the call has to end; never rejects. */
  readonly stopped: Promise<Fault>
  readonly #options: WatchOptions
  readonly #startedMs: number
  readonly #stop = new AbortController()
  readonly #onAbort = () => this.#end({ kind: 'aborted' })
  #timer: NodeJS.Timeout
  #exchange: Exchange | null = null
  #fault: Fault | null = null
  #resolve: (fault: Fault) => void = () => {}

  constructor(options: WatchOptions) {
    this.#options = options
    this.#startedMs = options.clock.nowMs()
    this.stopped = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#timer = this.#startTimer()
    for (const signal of options.signals) {
      if (signal?.aborted) this.#onAbort()
      else if (signal) onAbort(signal, this.#onAbort)
    }
  }

  /** Why the call has to end, once it has to. */
  get fault(): Fault | null {
    return this.#fault
  }

  get remainingMs(): number {
    return this.#options.timeoutMs - (this.#options.clock.nowMs() - this.#startedMs)
  }

  /** Makes `exchange` the one to break off; only one is on its way at a time. */
  guard(exchange: Exchange): void {
    this.#exchange = exchange
    if (this.#fault) exchange.fail(this.#fault)
  }

  /** Waits on the lent clock; shorter when the call has to end. */
  async sleep(durationMs: number): Promise<void> {
    await this.#options.clock.sleep(durationMs, this.#stop.signal).catch(() => {})
  }

  /** Stops counting while nobody waits for the gateway. */
  pause(): void {
    clearTimeout(this.#timer)
  }

  /** Counts anew; for streams, where the limit is the longest silence. */
  restart(): void {
    clearTimeout(this.#timer)
    if (!this.#fault) this.#timer = this.#startTimer()
  }

  /** The call is over: nothing is broken off any more. */
  release(): void {
    clearTimeout(this.#timer)
    for (const signal of this.#options.signals) signal?.removeEventListener('abort', this.#onAbort)
  }

  #startTimer(): NodeJS.Timeout {
    const { timeoutMs } = this.#options
    return setTimeout(
      () => this.#end({ kind: 'timeout', phase: this.#exchange?.phase ?? 'connect', afterMs: timeoutMs }),
      Math.min(timeoutMs, LONGEST_MS),
    )
  }

  #end(fault: Fault): void {
    if (this.#fault) return
    this.release()
    this.#fault = fault
    this.#exchange?.fail(fault)
    this.#stop.abort()
    this.#resolve(fault)
  }
}

/** Listens once. Many calls share one signal, which node would take for a leak from the eleventh on. */
export function onAbort(signal: AbortSignal, listener: () => void): void {
  setMaxListeners(0, signal)
  signal.addEventListener('abort', listener, { once: true })
}
