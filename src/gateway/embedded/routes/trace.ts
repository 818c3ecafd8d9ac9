import type { Exchange } from '../exchange.ts'
import { localDigits } from '../go-text.ts'
import type { Runtime } from '../runtime.ts'

/** Names the credential that serves, or was asked last, to the client (contract, HTTP 9). To be called once, before the head is sent. */
export function addTrace(exchange: Exchange, { traits }: Runtime): void {
  if (traits.trace === 'none' || exchange.servedBy === null || exchange.response.headersSent) return
  const time = localDigits(exchange.startedMs)
  exchange.addHeader('X-CPA-TRACE-ID', `${time}-${exchange.servedBy}-${exchange.requestId}`)
}
