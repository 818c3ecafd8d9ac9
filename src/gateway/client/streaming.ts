import { type Fault, StreamFault } from '../port.ts'
import type { Exchange, Head } from './exchange.ts'
import type { Watch } from './watch.ts'

/**
 * A reply's body as bytes that come when they come. Only silence while the reader waits is counted against the time
 * limit. Calls `onEnd` once, with the fault it throws or null, also when the reader leaves early; the connection is
 * closed then.
 */
export async function* streamed(
  exchange: Exchange,
  head: Head,
  watch: Watch,
  onEnd: (fault: Fault | null) => Fault | null,
): AsyncGenerator<Uint8Array, void, undefined> {
  let fault: Fault | null = compressed(head)
  try {
    while (!fault) {
      watch.restart()
      const step = await exchange.next()
      watch.pause()
      if (step.kind === 'end') return
      if (step.kind === 'chunk') yield step.bytes
      else fault = step.fault
    }
  } finally {
    exchange.fail({ kind: 'aborted' })
    watch.release()
    fault = onEnd(fault)
  }
  throw new StreamFault(fault ?? { kind: 'aborted' })
}

/** Plain bytes were asked for; events would wait in a decompressor until it is full. Null when they came plain. */
export function compressed({ headers }: Head): Fault | null {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  return encoding === 'identity' || encoding === ''
    ? null
    : { kind: 'garbled', message: 'the stream is compressed, though plain bytes were asked for' }
}
