import fc from 'fast-check'

/** `bytes` as a stream of the given chunks' sizes, repeated; one chunk when there are none. */
export async function* inChunks(
  bytes: Uint8Array,
  sizes: readonly number[] = [],
): AsyncGenerator<Uint8Array> {
  let from = 0
  for (let turn = 0; from < bytes.length; turn++) {
    const size = sizes.length === 0 ? bytes.length : (sizes[turn % sizes.length] ?? 1)
    yield bytes.subarray(from, from + size)
    from += size
  }
}

/** Chunk sizes from single bytes to more than a socket delivers at once. */
export const anyChunking = fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 8 })

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
