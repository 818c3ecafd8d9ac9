import { goDuration } from './go-text.ts'

/** Five wrong or missing management keys from one address ban it for 30 minutes (contract, HTTP 8.1). */
const MAX_FAILURES = 5
const BAN_MS = 30 * 60_000
/** Addresses come from a header anybody can write, so the table of them must not grow without end. */
const MAX_ADDRESSES = 10_000

export interface Bans {
  /** What is left of the ban as a Go duration, or null when the address is not banned. */
  remaining(address: string, nowMs: number): string | null
  /** Counts a refused key. */
  failed(address: string, nowMs: number): void
  /** Bans an address until then: the state a scenario starts in. */
  ban(address: string, untilMs: number): void
  /** A right key clears the count. */
  succeeded(address: string): void
}

interface Entry {
  failures: number
  untilMs: number
}

/** Failure counter and ban per client address, localhost included. */
export function createBans(): Bans {
  const entries = new Map<string, Entry>()
  return {
    remaining(address, nowMs) {
      const entry = entries.get(address)
      if (!entry || entry.untilMs === 0) return null
      if (entry.untilMs > nowMs) return goDuration(Math.floor((entry.untilMs - nowMs) / 1_000) * 1_000)
      entries.delete(address)
      return null
    },
    failed(address, nowMs) {
      const entry = entries.get(address) ?? { failures: 0, untilMs: 0 }
      entry.failures++
      if (entry.failures >= MAX_FAILURES) {
        entry.failures = 0
        entry.untilMs = nowMs + BAN_MS
      }
      entries.delete(address)
      entries.set(address, entry)
      if (entries.size > MAX_ADDRESSES) forgetOldest(entries)
    },
    ban(address, untilMs) {
      entries.set(address, { failures: 0, untilMs })
    },
    succeeded(address) {
      entries.delete(address)
    },
  }
}

function forgetOldest(entries: Map<string, Entry>): void {
  for (const address of entries.keys()) {
    entries.delete(address)
    return
  }
}
