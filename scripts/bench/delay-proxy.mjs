import { Agent, createServer, request } from 'node:http'

/** A proxy on loopback that hands every answer on `delayMs` after it came. */
export function startDelayProxy(target, delayMs) {
  const { hostname, port } = new URL(target)
  const agent = new Agent({ keepAlive: true })
  const server = createServer((asked, answer) => {
    const passed = request(
      { hostname, port, agent, method: asked.method, path: asked.url, headers: asked.headers },
      (reply) => {
        setTimeout(() => {
          answer.writeHead(reply.statusCode, reply.headers)
          reply.pipe(answer)
        }, delayMs)
      },
    )
    passed.once('error', () => answer.destroy())
    asked.pipe(passed)
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        stop: () => {
          agent.destroy()
          server.closeAllConnections()
          server.close()
        },
      })
    })
  })
}
