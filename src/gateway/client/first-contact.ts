import type { Fault } from '../port.ts'
import type { Exchange } from './exchange.ts'

/**
 * Lets one request at a time try to reach a gateway that nobody has reached yet; the others wait for what becomes of it.
 * So a gateway that is down is tried once, however many questions there are.
 */
export class FirstContact {
  #reached = false
  #scout: Promise<Fault | null> | null = null

  /** Resolves when the exchange may be sent, or with the reason why there is no gateway to send it to. */
  async turn(exchange: Exchange): Promise<Fault | null> {
    while (this.#scout) {
      const fault = await this.#scout
      if (fault?.kind === 'unreachable' || fault?.kind === 'tls') return fault
    }
    if (!this.#reached) this.#scout = this.#follow(exchange)
    return null
  }

  async #follow(exchange: Exchange): Promise<Fault | null> {
    const fault = await exchange.sent
    this.#scout = null
    this.#reached = fault === null
    return fault
  }
}
