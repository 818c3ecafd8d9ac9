import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { build } from 'esbuild'
import { forked } from './forked.mjs'
import { ROOT } from './machine.mjs'
import { interleaved } from './measure.mjs'
import { limit, ratio, UNITS } from './rows.mjs'

const ROUNDS = 7
const SIZE_BYTES = 100_000_000

const TEXTS = { plain: 'ASCII', mixed: 'every tenth event not ASCII' }

/** Reading an event stream of 100 MB from a socket, beside taking the same bytes from it and doing nothing with them. */
export async function streamRows(dir) {
  const { readEventStream } = await bundled(dir)
  const rows = []
  for (const [text, words] of Object.entries(TEXTS)) {
    const server = await forked('./stream-server.mjs', [String(SIZE_BYTES), text])
    const open = () => connect(server.port, '127.0.0.1')
    try {
      rows.push(
        await speedRow(words, open, readEventStream),
        limit({
          name: 'event stream, heap growth from 10 to 90 MB',
          value: await heapGrowthBytes(open(), readEventStream),
          unit: UNITS.bytes,
        }),
      )
    } finally {
      server.stop()
    }
  }
  return rows
}

async function speedRow(words, open, readEventStream) {
  const medians = await interleaved(ROUNDS, {
    read: () => speed(open(), (socket) => readAll(socket, readEventStream)),
    bare: () => speed(open(), drain),
  })
  return ratio({
    name: `event stream, 100 MB, ${words}`,
    value: medians.read,
    against: "node's own socket",
    than: medians.bare,
    unit: UNITS.bytesPerSecond,
    aim: { atLeast: 1 / 3 },
  })
}

async function bundled(dir) {
  const outfile = join(dir, 'sse.mjs')
  await build({
    stdin: { contents: "export { readEventStream } from './src/wire/sse.ts'", resolveDir: ROOT },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  })
  return import(pathToFileURL(outfile).href)
}

/** Bytes per second from the first byte to the last. */
async function speed(socket, take) {
  await once(socket, 'connect')
  const startedMs = performance.now()
  const sizeBytes = await take(socket)
  if (sizeBytes !== SIZE_BYTES) throw new Error(`${sizeBytes} bytes of the stream were read`)
  return sizeBytes / ((performance.now() - startedMs) / 1000)
}

async function drain(socket) {
  let sizeBytes = 0
  socket.on('data', (chunk) => {
    sizeBytes += chunk.length
  })
  await once(socket, 'end')
  return sizeBytes
}

async function readAll(source, readEventStream) {
  let characters = 0
  const end = await readEventStream(source, (event) => {
    characters += event.data.length
  })
  if (end.kind !== 'ended' || characters === 0) throw new Error(`the stream ended ${end.kind}`)
  return end.sizeBytes
}

/** What is still held at 90 MB, after everything that can be collected is, beyond what was held at 10 MB. */
async function heapGrowthBytes(socket, readEventStream) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  const held = []
  async function* watched() {
    let sizeBytes = 0
    for await (const chunk of socket) {
      sizeBytes += chunk.length
      if (sizeBytes > SIZE_BYTES * (held.length === 0 ? 0.1 : 0.9) && held.length < 2) {
        collect()
        held.push(process.memoryUsage().heapUsed)
      }
      yield chunk
    }
  }
  await readAll(watched(), readEventStream)
  return Math.max(0, held[1] - held[0])
}
