import { Agent, request } from 'node:http'
import { ENDPOINTS } from '../../wire/routes.ts'
import type { Runtime } from './runtime.ts'
import type { TrafficClient } from './scenario.ts'

/** More requests than this never wait for an answer at once. */
const MAX_OPEN = 64
/** After a leap of the lent clock no more than this many are made up for. */
const MAX_CAUGHT_UP = 1_000

export interface TrafficSource {
  /** Ends open requests at once. */
  stop(): void
}

/** Synthetic clients that call the gateway over the network as real ones do, spread by weight, until stopped. */
export function startTraffic(runtime: Runtime, port: number, perSecond: number): TrafficSource {
  const { clients } = runtime.scenario.traffic
  const stopped = new AbortController()
  if (perSecond <= 0 || clients.length === 0) return { stop: () => {} }
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_OPEN })
  let open = 0
  const send = (): void => {
    const client = pick(clients, runtime.random.next())
    if (!client || open >= MAX_OPEN) return
    open++
    call(runtime, port, client, agent).finally(() => {
      open--
    })
  }
  const run = async (): Promise<void> => {
    const { clock } = runtime
    const gapMs = 1_000 / perSecond
    let dueMs = clock.nowMs() + gapMs
    while (!stopped.signal.aborted) {
      await clock.sleep(Math.max(1, dueMs - clock.nowMs()), stopped.signal)
      for (let sent = 0; dueMs <= clock.nowMs() && sent < MAX_CAUGHT_UP; sent++) {
        send()
        dueMs += gapMs
      }
      if (dueMs <= clock.nowMs()) dueMs = clock.nowMs() + gapMs
    }
  }
  run().catch(() => {})
  return {
    stop() {
      stopped.abort()
      agent.destroy()
    },
  }
}

function pick(clients: readonly TrafficClient[], chance: number): TrafficClient | undefined {
  const total = clients.reduce((sum, { weight }) => sum + weight, 0)
  let left = chance * total
  return clients.find(({ weight }) => {
    left -= weight
    return left < 0
  })
}

function call({ config }: Runtime, port: number, client: TrafficClient, agent: Agent): Promise<void> {
  const key = client.key ?? config.clientKeys[0]
  return new Promise((resolve) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path: ENDPOINTS[client.endpoint].path,
      method: 'POST',
      agent,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'provops-traffic',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
    })
    outgoing.on('response', (reply) => {
      reply.resume()
      reply.once('close', resolve)
    })
    outgoing.on('error', () => resolve())
    outgoing.end(JSON.stringify(bodyFor(client)))
  })
}

function bodyFor({ model, endpoint, stream, prompt }: TrafficClient): Record<string, unknown> {
  if (endpoint === 'responses') return { model, stream, input: prompt }
  const messages = [{ role: 'user', content: prompt }]
  return endpoint === 'chat' ? { model, stream, messages } : { model, stream, max_tokens: 64, messages }
}
