import { inSafeMode } from '../access.ts'
import { JSON_TYPE } from '../exchange.ts'
import type { Traits } from '../profile.ts'
import type { Handler, ServedRoute } from '../runtime.ts'

const OK = '{"status":"ok"}'

/** Health and banner (contract, HTTP 1.1). They say that the server runs, and nothing of credentials. */
export function publicRoutes(traits: Traits): readonly ServedRoute[] {
  return [
    { method: 'GET', path: '/', key: 'none', handle: banner },
    ...traits.healthPaths.flatMap((path): ServedRoute[] => [
      { method: 'GET', path, key: 'none', handle: (exchange) => exchange.send(200, JSON_TYPE, OK) },
      { method: 'HEAD', path, key: 'none', handle: (exchange) => exchange.empty(200) },
    ]),
  ]
}

const ENDPOINTS = ['POST /v1/chat/completions', 'POST /v1/completions', 'GET /v1/models']

const banner: Handler = (exchange, runtime) => {
  if (inSafeMode(runtime)) {
    exchange.addHeader('Cache-Control', 'no-store')
    return exchange.send(200, 'text/html; charset=utf-8', SAFE_MODE_PAGE)
  }
  const metrics = runtime.traits.metrics === 'none' ? [] : ['GET /v1/metrics/providers']
  return exchange.json(200, { endpoints: [...ENDPOINTS, ...metrics], message: 'CLI Proxy API Server' })
}

const SAFE_MODE_PAGE = `<!DOCTYPE html>
<html><head><title>CLI Proxy API: example API key</title></head>
<body><h1>The API is disabled</h1>
<p>config.yaml still contains an example API key. Replace it under <code>api-keys</code>.</p></body></html>
`
