// Sends every connection an event stream of the number of bytes in the first argument. Its parent is told the port.
import { once } from 'node:events'
import { createServer } from 'node:net'

const sizeBytes = Number(process.argv[2])
const WRITE_BYTES = 64 * 1024
/** Every event repeats a little text; every tenth is not ASCII. */
const EVENTS_IN_BLOCK = 20_000

const block = Buffer.from(Array.from({ length: EVENTS_IN_BLOCK }, (_, i) => event(i)).join(''))

function event(i) {
  const delta = i % 10 === 0 ? 'Grüße aus 東京, ' : 'and so the answer goes on, '
  const data = {
    type: 'response.output_text.delta',
    item_id: 'msg_1',
    output_index: 0,
    content_index: 0,
    delta,
    sequence_number: i,
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
