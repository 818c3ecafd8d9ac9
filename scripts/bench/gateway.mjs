import { statSync } from 'node:fs'
import { startGateway } from '../running.mjs'
import { forked } from './forked.mjs'
import { requestsPerSecond } from './load.mjs'
import { interleaved } from './measure.mjs'
import { ratio, UNITS } from './rows.mjs'

const ROUNDS = 7
const LOAD = { count: 2000, connections: 16 }
const MODEL = 'glm'

/** Requests per second of `provops gateway`, which writes its log, beside a server that only sends the same bytes. */
export async function gatewayRows(dir) {
  const gateway = await startGateway(dir)
  const headers = { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'ping' }] })
  const bodyOf = async (path, init) => (await fetch(`${gateway.url}${path}`, { headers, ...init })).text()
  const models = await bodyOf('/v1/models')
  const answer = await bodyOf('/v1/chat/completions', { method: 'POST', body })
  const echo = await forked('./echo-server.mjs', [models, answer])
  const list = (origin) => () => requestsPerSecond({ url: `${origin}/v1/models`, headers }, LOAD)
  const complete = (origin) => () =>
    requestsPerSecond({ url: `${origin}/v1/chat/completions`, method: 'POST', headers, body }, LOAD)
  const echoUrl = `http://127.0.0.1:${echo.port}`
  try {
    const loggedBefore = statSync(gateway.log).size
    const medians = await interleaved(ROUNDS, {
      list: list(gateway.url),
      echoGet: list(echoUrl),
      completion: complete(gateway.url),
      echoPost: complete(echoUrl),
    })
    if (statSync(gateway.log).size <= loggedBefore) throw new Error('the gateway wrote no log')
    const row = (name, value, than) =>
      ratio({ name, value, against: 'node:http echo', than, unit: UNITS.perSecond, aim: { atLeast: 0.5 } })
    return [
      row('gateway, GET /v1/models', medians.list, medians.echoGet),
      row('gateway, POST /v1/chat/completions', medians.completion, medians.echoPost),
    ]
  } finally {
    echo.stop()
    await gateway.stop()
  }
}
