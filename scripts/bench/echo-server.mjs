// The least an HTTP server of node can do: reads the request, sends a body back with its length. GET gets what the first
// argument says, POST the second. Its parent is told the port.
import { createServer } from 'node:http'

const [getBody, postBody] = process.argv.slice(2)

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.once('end', () => {
    const body = Buffer.concat(chunks).length > 0 ? postBody : getBody
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  })
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.once('disconnect', () => process.exit())
