// The least an HTTP server of node can do: reads the request, sends a body back with its length. GET gets what the first
// argument says, POST what was posted. Its parent is told the port.
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.once('end', () => {
    const body = chunks.length > 0 ? Buffer.concat(chunks) : process.argv[2]
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  })
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.once('disconnect', () => process.exit())
