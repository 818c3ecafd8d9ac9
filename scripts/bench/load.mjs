import { once } from 'node:events'
import { connect } from 'node:net'

/**
 * Sends `count` requests over `connections` kept-alive connections, each as soon as the one before is answered, and
 * returns how many were answered in a second. An answer other than a 200 with a Content-Length is an error. Written on
 * sockets, since node's own HTTP client takes longer to ask than the servers measured here take to answer.
 */
export async function requestsPerSecond(
  { url, method = 'GET', headers = {}, body = '' },
  { count, connections },
) {
  const { hostname, port, host, pathname } = new URL(url)
  const fields = Object.entries({ host, ...headers, 'content-length': Buffer.byteLength(body) })
  const request = `${method} ${pathname} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
  const sockets = await Promise.all(Array.from({ length: connections }, () => connected(hostname, port)))
  const left = { count }
  const startedMs = performance.now()
  try {
    await Promise.all(sockets.map((socket) => askAll(socket, request, left)))
    return count / ((performance.now() - startedMs) / 1000)
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

async function connected(host, port) {
  const socket = connect({ host, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  return socket
}

const HEAD_END = '\r\n\r\n'

/** Asks over one connection until none is left. */
function askAll(socket, request, left) {
  return new Promise((resolve, reject) => {
    let received = ''
    const ask = () => {
      if (left.count-- > 0) socket.write(request)
      else resolve()
    }
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      const sizeBytes = answerBytes(received)
      if (sizeBytes === null) return reject(new Error(`was answered ${received.slice(0, 200)}`))
      if (received.length < sizeBytes) return
      received = received.slice(sizeBytes)
      ask()
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed')))
    ask()
  })
}

/** The length of the whole answer that the text begins with, as far as its head tells; null for a wrong answer. */
function answerBytes(text) {
  const end = text.indexOf(HEAD_END)
  if (end < 0) return Number.POSITIVE_INFINITY
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))
  if (!text.startsWith('HTTP/1.1 200 ') || length === null) return null
  return end + HEAD_END.length + Number(length[1])
}
