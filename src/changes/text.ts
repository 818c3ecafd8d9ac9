import { createHash } from 'node:crypto'

/** A whole configuration text. It holds secrets: shown only through a mask. */
export interface HashedText {
  readonly text: string
  /** Of its UTF-8 bytes, in hex. */
  readonly sha256: string
}

export function hashed(text: string): HashedText {
  return { text, sha256: sha256Of(text) }
}

export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text that encodes back to the same bytes, byte order mark included; null when the bytes are not UTF-8. */
export function decodeExactly(bytes: Uint8Array): string | null {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return null
  }
}
