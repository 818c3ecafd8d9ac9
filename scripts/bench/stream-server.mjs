// Sends every connection an event stream of the number of bytes in the first argument, like that of a long answer in the
// Responses format; with `mixed` as second argument every tenth event is not ASCII. Its parent is told the port.
import { once } from 'node:events'
import { createServer } from 'node:net'

const [, , size, text] = process.argv
const sizeBytes = Number(size)
const WRITE_BYTES = 64 * 1024
const EVENTS_IN_BLOCK = 20_000

const block = Buffer.from(Array.from({ length: EVENTS_IN_BLOCK }, (_, i) => event(i)).join(''))

function event(i) {
  const data = {
    type: 'response.output_text.delta',
    sequence_number: i,
    item_id: 'msg_68af4030baa8819d9e2c0d3f5f6a7b8c9d0e1f2a3b4c5d6e7f',
    output_index: 0,
    content_index: 0,
    delta: text === 'mixed' && i % 10 === 0 ? ' größer als 東京' : ' answer',
    logprobs: [],
    obfuscation: 'q7Zr2kVw',
  }
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}

const server = createServer(async (socket) => {
  socket.once('error', () => socket.destroy())
  for (let sent = 0; sent < sizeBytes && !socket.destroyed; ) {
    const from = sent % block.length
    const piece = block.subarray(from, from + Math.min(WRITE_BYTES, sizeBytes - sent))
    sent += piece.length
    if (!socket.write(piece)) await once(socket, 'drain').catch(() => {})
  }
  socket.end()
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.once('disconnect', () => process.exit())
