import { Agent, request } from 'node:http'

/**
 * Sends `count` requests over `connections` kept-alive connections, each as soon as the one before is answered, and
 * returns how many were answered in a second. An answer that is not 200 is an error.
 */
export async function requestsPerSecond(
  { url, method = 'GET', headers = {}, body = '' },
  { count, connections },
) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const options = { agent, method, headers: { ...headers, 'content-length': Buffer.byteLength(body) } }
  let left = count
  const worker = async () => {
    while (left-- > 0) await ask(url, options, body)
  }
  const startedMs = performance.now()
  try {
    await Promise.all(Array.from({ length: connections }, worker))
    return count / ((performance.now() - startedMs) / 1000)
  } finally {
    agent.destroy()
  }
}

function ask(url, options, body) {
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (answer) => {
      answer.resume()
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve()
        else reject(new Error(`${options.method} ${url} was answered ${answer.statusCode}`))
      })
    })
    asked.once('error', reject)
    asked.end(body)
  })
}
