import { closeSync, openSync, writeSync } from 'node:fs'

const WRITE_BYTES = 1 << 20

/**
 * Writes a main.log of era E (contract, files 4.2 to 4.5) with UTC times, the last of them `endMs`. The same arguments
 * make the same bytes. Of the requests 2 % end in 4xx or 5xx, some of these in bursts, and providers' failures stand in
 * warn lines. Returns the time of its first line.
 */
export function writeLog(path, { sizeBytes, spanMs, endMs }) {
  const file = openSync(path, 'w')
  const next = requests()
  const startMs = endMs - spanMs
  let written = 0
  let text = ''
  while (written + text.length < sizeBytes) {
    // By the share of the bytes that is written, so that the last line stands at the end of the span.
    const atMs = startMs + Math.min(1, (written + text.length) / sizeBytes) * spanMs
    text += next(stamp(atMs))
    if (text.length < WRITE_BYTES) continue
    written += writeSync(file, text, null, 'latin1')
    text = ''
  }
  writeSync(file, text, null, 'latin1')
  closeSync(file)
  return startMs
}

let stampedSecond = Number.NaN
let stamped = ''

function stamp(atMs) {
  const second = Math.floor(atMs / 1000)
  if (second !== stampedSecond) {
    stampedSecond = second
    stamped = new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ')
  }
  return stamped
}

const ROUTES = [
  '/v1/responses',
  '/v1/responses',
  '/v1/responses',
  '/v1/chat/completions',
  '/v1/chat/completions',
  '/v1/messages?beta=true',
  '/v1beta/models/gemini-2.5-pro:generateContent',
]
const REFUSALS = [429, 429, 429, 429, 401, 403, 404, 400, 500, 502, 503]
const REFUSED_SHARE = 0.02
const PROVIDERS = [
  { provider: 'codex', model: 'gpt-5.3-codex', auth: 'provider=codex auth_file=codex-team-pro.json' },
  { provider: 'claude', model: 'claude-sonnet-4-5', auth: 'api_key=sk-a...9f2c' },
  { provider: 'openai-compatible-aggregator', model: 'z-ai/glm-4.7', auth: 'api_key=sk-9...0RHO' },
]
const MANY = 1 << 16
const BURST_EVERY = 50_000
const BURST_LENGTH = 200

/** Returns a function that makes the lines of one request after the other. */
function requests() {
  const random = randomNumbers(20_260_822)
  let count = 0
  return (time) => {
    count++
    const id = random(2 ** 32)
      .toString(16)
      .padStart(8, '0')
    const address = `10.0.${random(4)}.${random(250)}`
    const inBurst = count % BURST_EVERY < BURST_LENGTH
    if (inBurst || random(MANY) < REFUSED_SHARE * MANY) {
      const status = inBurst ? 429 : REFUSALS[random(REFUSALS.length)]
      return refusal({ time, id, address, status, random })
    }
    if (random(50) === 0)
      return access({ time, id: '--------', address, status: 200, latencyMs: 0, route: '/healthz' })
    const latencyMs = 200 + random(300) * random(200)
    const line = access({ time, id, address, status: 200, latencyMs, route: ROUTES[random(ROUTES.length)] })
    return random(200) === 0 ? failure({ time, id, status: 503, random }) + line : line
  }
}

function refusal({ time, id, address, status, random }) {
  const line = access({
    time,
    id,
    address,
    status,
    latencyMs: random(2000),
    route: ROUTES[random(ROUTES.length)],
  })
  return random(2) === 0 ? failure({ time, id, status, random }) + line : line
}

function failure({ time, id, status, random }) {
  const { provider, model, auth } = PROVIDERS[random(PROVIDERS.length)]
  const error = `{"error":{"message":"upstream refused the request","code":${status}}}`
  return `[${time}] [${id}] [warn ] [conductor_execution.go:1602] upstream execution failed: provider=${provider} model=${model} auth=${auth} duration=${random(1000)}ms err=${error}\n`
}

function access({ time, id, address, status, latencyMs, route }) {
  const level = status >= 500 ? 'error' : status >= 400 ? 'warn ' : 'info '
  const method = route === '/healthz' ? 'GET    ' : 'POST   '
  return `[${time}] [${id}] [${level}] [gin_logger.go:103] ${status} | ${latency(latencyMs)} | ${address.padStart(15)} | ${method} "${route}"\n`
}

function latency(ms) {
  const text =
    ms >= 60_000
      ? `${Math.floor(ms / 60_000)}m${Math.floor(ms / 1000) % 60}s`
      : ms >= 1000
        ? `${ms / 1000}s`
        : ms > 0
          ? `${ms}ms`
          : '0s'
  return text.padStart(13)
}

/** The numbers of a linear congruential generator (Numerical Recipes): below `limit`, the same every time. */
function randomNumbers(seed) {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}
