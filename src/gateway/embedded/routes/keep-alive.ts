import type { Job } from '../attempt.ts'
import type { Runtime } from '../runtime.ts'
import { addTrace } from './trace.ts'

/** Something that writes now and then, until it is stopped. */
export interface Ticker {
  /** Something else was written: wait the whole interval again. */
  sent(): void
  stop(): void
}

const SILENT: Ticker = { sent: () => {}, stop: () => {} }

function every({ clock }: Runtime, seconds: number, write: () => void): Ticker {
  if (seconds <= 0) return SILENT
  const stopped = new AbortController()
  let lastMs = clock.nowMs()
  const run = async (): Promise<void> => {
    const intervalMs = seconds * 1_000
    while (!stopped.signal.aborted) {
      await clock.sleep(lastMs + intervalMs - clock.nowMs(), stopped.signal)
      if (clock.nowMs() - lastMs < intervalMs) continue
      lastMs = clock.nowMs()
      write()
    }
  }
  run().catch(() => {})
  return {
    sent() {
      lastMs = clock.nowMs()
    },
    stop: () => stopped.abort(),
  }
}

/** Signs of life while a provider is slow (contract, HTTP 4.4). */
export const keepAlive = {
  /** Comments between events, from the first event on, for who reads what was sent. */
  stream({ runtime, exchange }: Job): Ticker {
    const { streaming } = runtime.config.gateway.settings
    return every(runtime, streaming.keepaliveSeconds, () => {
      if (!exchange.response.writableNeedDrain) void exchange.write(': keep-alive\n\n')
    })
  },
  /** Bare line breaks before the answer; they commit the reply to status 200. */
  plain(job: Job): Ticker {
    const { nonstreamKeepaliveIntervalSeconds } = job.runtime.config.gateway.settings
    if (!job.runtime.traits.plainKeepAlive.includes(job.endpoint)) return SILENT
    return every(job.runtime, nonstreamKeepaliveIntervalSeconds, () => {
      addTrace(job.exchange, job.runtime)
      job.exchange.lineFeed()
    })
  },
} as const
