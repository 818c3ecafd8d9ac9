import { tokenKind } from './kinds.ts'
import type { TokenCredential } from './token-file.ts'

/** How far a token is in its life at one moment. */
export type TokenState =
  /** Nothing to do before `renewsMs`, or ever when that is null. */
  | { readonly kind: 'valid'; readonly expiresMs: number | null; readonly renewsMs: number | null }
  /** The gateway is about to renew it, or did so just now. */
  | { readonly kind: 'due'; readonly expiresMs: number | null; readonly sinceMs: number | null }
  /** Not expired, and its renewal should have happened at `sinceMs`. */
  | { readonly kind: 'overdue'; readonly expiresMs: number | null; readonly sinceMs: number }
  | { readonly kind: 'expired'; readonly expiresMs: number }
  /** Nothing can renew it: it ends at `expiresMs`, and only a new login helps. */
  | { readonly kind: 'dying'; readonly expiresMs: number }
  /** Renewed moments ago and expired all the same: the clocks of gateway and provider, or of this machine, disagree. */
  | { readonly kind: 'clock'; readonly expiresMs: number; readonly refreshedMs: number }
  | { readonly kind: 'disabled' }
  /** The file tells neither when it ends nor when it was renewed. */
  | { readonly kind: 'undated' }

/**
 * A renewal is tried within seconds of being due and again five minutes after a failure (contract, files 3.5): three
 * tries later it is not a coincidence any more.
 */
const TRIES_MS = 15 * 60_000

/** A token renewed this recently cannot have run out honestly; the shortest ones live for an hour. */
const JUST_RENEWED_MS = 10 * 60_000

/** Where a token stands at `nowMs`. `modifiedMs` stands in for a last renewal that the file does not tell. */
export function tokenStateOf(token: TokenCredential, modifiedMs: number, nowMs: number): TokenState {
  if (token.disabled) return { kind: 'disabled' }
  const kind = tokenKind(token.type)
  const { expiresMs } = token
  if (kind?.renewal.by === 'use' && token.renewable) return LASTING
  if (kind?.renewal.by !== 'gateway' || !token.renewable) return unrenewed(token, nowMs)
  if (expiresMs !== null && expiresMs <= nowMs) return lapsed(token, expiresMs, nowMs)
  const sinceMs = dueMs(token, kind.renewal.leadMs)
  if (sinceMs === null) return { kind: 'undated' }
  if (sinceMs > nowMs) return { kind: 'valid', expiresMs, renewsMs: sinceMs }
  const touchedMs = token.refreshedMs ?? modifiedMs
  const late = touchedMs < sinceMs ? nowMs - sinceMs > TRIES_MS : isStuck(token, touchedMs, nowMs)
  return late ? { kind: 'overdue', expiresMs, sinceMs } : { kind: 'due', expiresMs, sinceMs }
}

const LASTING: TokenState = { kind: 'valid', expiresMs: null, renewsMs: null }

/** A type of which no renewal is known, or a file without what a renewal needs. */
function unrenewed({ type, expiresMs, renewable }: TokenCredential, nowMs: number): TokenState {
  if (expiresMs === null) return tokenKind(type) === null ? { kind: 'undated' } : LASTING
  if (expiresMs <= nowMs) return { kind: 'expired', expiresMs }
  return renewable === false ? { kind: 'dying', expiresMs } : { kind: 'valid', expiresMs, renewsMs: null }
}

function lapsed({ refreshedMs }: TokenCredential, expiresMs: number, nowMs: number): TokenState {
  return refreshedMs !== null && refreshedMs > nowMs - JUST_RENEWED_MS
    ? { kind: 'clock', expiresMs, refreshedMs }
    : { kind: 'expired', expiresMs }
}

/** From when on the gateway renews it (contract, files 3.5); null when the file holds no date to count from. */
function dueMs({ expiresMs, refreshedMs, refreshEveryMs }: TokenCredential, leadMs: number): number | null {
  if (refreshEveryMs !== null) {
    const byAge = refreshedMs === null ? null : refreshedMs + refreshEveryMs
    const byExpiry = expiresMs === null ? null : expiresMs - refreshEveryMs
    return byAge === null ? byExpiry : Math.min(byAge, byExpiry ?? byAge)
  }
  if (expiresMs !== null) return expiresMs - leadMs
  return refreshedMs === null ? null : refreshedMs + leadMs
}

/** Renewed after it was due and still due: a token that lives shorter than its lead is renewed again and again. */
function isStuck({ expiresMs }: TokenCredential, touchedMs: number, nowMs: number): boolean {
  const lifetimeMs = expiresMs === null ? 0 : expiresMs - touchedMs
  return nowMs - touchedMs > Math.max(TRIES_MS, lifetimeMs / 2)
}
