import type { Fault } from '../gateway/port.ts'
import type { Target } from './change.ts'
import type { FileFault } from './file-fault.ts'
import { decodeExactly } from './text.ts'

/** Why a gateway's management routes did not do what was asked. */
export type ManagementFault =
  /** Nothing came back, so nothing is known. */
  | { readonly kind: 'no-reply'; readonly fault: Fault }
  /** 401 or 403: key refused, address banned, or remote management off. Not to be tried again in this run. */
  | { readonly kind: 'refused'; readonly status: number; readonly said: string }
  /** 404: management is off, or this version has no such route. */
  | { readonly kind: 'not-offered'; readonly status: number }
  /** 400 or 422: the gateway does not accept the text. */
  | { readonly kind: 'rejected'; readonly status: number; readonly said: string }
  /** Any other status, e.g. 500 because its file cannot be written. */
  | { readonly kind: 'not-saved'; readonly status: number; readonly said: string }
  /** Sent as it is, a changed `secret-key` would lock the caller out (contract, HTTP 8.3). */
  | { readonly kind: 'secret-key-changed' }
  /** The old or the new text is no YAML the gateway would load, so whether the secret stays is not known. Nothing was sent. */
  | { readonly kind: 'unreadable-text' }
  /** It said yes and shows other values than were sent. */
  | { readonly kind: 'stored-differently' }

export type StoreFault = FileFault | ManagementFault

/** Bytes, for a write that was cut off may have cut a character. */
export type ReadOutcome =
  | { readonly kind: 'read'; readonly bytes: Buffer }
  | { readonly kind: 'fault'; readonly fault: StoreFault }

export type TextOutcome =
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'fault'; readonly fault: StoreFault }

/** Things that went otherwise than usual without failing. */
export type Note =
  /** The folder of the file takes no new file, so the backup is in the state directory. */
  | { readonly kind: 'backup-elsewhere'; readonly because: FileFault }
  /** The gateway took the change into memory only: its file system is read-only (contract, HTTP 8.3). */
  | { readonly kind: 'not-persisted' }
  /** The gateway moved comments or changed the layout; the values are as sent. */
  | { readonly kind: 'normalised' }
  /** It could not be read back; it was acknowledged. */
  | { readonly kind: 'not-read-back' }
  /** Journals that cannot be read: whether one of those runs was cut off on this target is not known. */
  | { readonly kind: 'unreadable-runs'; readonly runIds: readonly string[] }
  /** The journal lacks its last entry. `provops undo` finds out by itself. */
  | { readonly kind: 'journal-behind'; readonly because: FileFault }

export type WriteOutcome =
  /** `storedSha256` is of what is there now, which a gateway may have normalised. */
  | { readonly kind: 'written'; readonly storedSha256: string; readonly notes: readonly Note[] }
  /** It was no longer what was expected, so nothing was written. */
  | { readonly kind: 'changed' }
  /** While we wrote, something else wrote too or put another file in its place. */
  | { readonly kind: 'raced' }
  /** `untouched`: not a byte was written; `put-back`: the old text is there again; `unclear`: see the journal's run. */
  | {
      readonly kind: 'failed'
      readonly fault: StoreFault
      readonly left: 'untouched' | 'put-back' | 'unclear'
    }

/** A place that holds one configuration text. */
export interface ConfigStore {
  readonly target: Target
  read(): Promise<ReadOutcome>
  /** Replaces `expected`, which must still be there, by `next`. */
  write(expected: Buffer, next: Buffer): Promise<WriteOutcome>
}

/** The text a change can be planned on; `not-utf8` when its bytes would not survive being read as text. */
export async function readText(store: ConfigStore): Promise<TextOutcome> {
  const outcome = await store.read()
  if (outcome.kind === 'fault') return outcome
  const text = decodeExactly(outcome.bytes)
  if (text !== null) return { kind: 'read', text }
  const path = store.target.kind === 'file' ? store.target.path : store.target.url
  return { kind: 'fault', fault: { kind: 'not-utf8', path } }
}
