import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { checkClientKey, notFound, refuseInSafeMode } from './access.ts'
import { Exchange, type Replied } from './exchange.ts'
import { accessEntry, maskQuery, NO_REQUEST_ID } from './log-line.ts'
import { checkManagementAccess } from './management/access.ts'
import { type FoundRoute, type RouteTable, routeTable } from './route-table.ts'
import type { Runtime, ServedRoute } from './runtime.ts'

/** Go's default for the head of a request. */
const MAX_HEAD_BYTES = 1024 * 1024
/** A connection that sends no complete head for this long is dropped (contract, HTTP 0). */
const HEAD_TIMEOUT_MS = 10_000
/** Checked this often, so a slow head is dropped at most this much late. */
const HEAD_CHECK_MS = 1_000
/** Above what clients keep idle connections for, so that the client closes first. */
const IDLE_TIMEOUT_MS = 90_000

/** The HTTP server, not yet listening. Every request is answered and logged; none can end the process. */
export function createGatewayServer(runtime: Runtime, routes: readonly ServedRoute[]): Server {
  const table = routeTable(routes)
  const always = alwaysHeaders(runtime)
  const server = createServer(
    {
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: HEAD_TIMEOUT_MS,
      connectionsCheckingInterval: HEAD_CHECK_MS,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      requestTimeout: 0,
    },
    (request, response) => {
      void serve(runtime, table, always, request, response)
    },
  )
  server.on('clientError', refuseBrokenRequest)
  return server
}

function alwaysHeaders({ traits }: Runtime): readonly string[] {
  return [
    'Access-Control-Allow-Origin',
    '*',
    'Access-Control-Allow-Methods',
    'GET, POST, PUT, PATCH, DELETE, OPTIONS',
    'Access-Control-Allow-Headers',
    '*',
    ...(traits.exposedHeaders === null ? [] : ['Access-Control-Expose-Headers', traits.exposedHeaders]),
  ]
}

async function serve(
  runtime: Runtime,
  table: RouteTable,
  always: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { rawPath, rawQuery } = splitTarget(request.url ?? '/')
  const path = decodePath(rawPath)
  if (path === null) return refuseTarget(response)
  const found = table(request.method ?? 'GET', rawPath)
  if (!found && redirectSlash(table, request, response, rawPath)) return
  const exchange = new Exchange({
    request,
    response,
    path,
    rawQuery,
    startedMs: runtime.clock.nowMs(),
    requestId: wantsRequestId(runtime, path) ? runtime.random.hex(8) : NO_REQUEST_ID,
    headers: always,
  })
  runtime.requestsAtWork++
  try {
    await dispatch(exchange, runtime, found)
  } catch (error) {
    runtime.log.write({
      level: 'error',
      caller: 'gin_logger.go:150',
      message: `recovered from panic error=${error instanceof Error ? error.message : String(error)}`,
      requestId: exchange.requestId,
    })
    if (response.headersSent) response.destroy()
    else exchange.empty(500)
  }
  finish(exchange, runtime)
  runtime.requestsAtWork--
}

function dispatch(
  exchange: Exchange,
  runtime: Runtime,
  found: FoundRoute | null,
): Replied | Promise<Replied> {
  if (exchange.method === 'OPTIONS') return exchange.empty(204)
  const refused = refuseInSafeMode(exchange, runtime)
  if (refused) return refused
  const route = found?.route ?? null
  const isManagement = exchange.path.startsWith('/v0/management')
  if (isManagement && (route || runtime.traits.unknownManagementPath === 'checked')) {
    const access = checkManagementAccess(exchange, runtime)
    if (access !== 'granted') return access
  }
  if (!route || !found) return notFound(exchange, runtime)
  if (route.key === 'client') {
    const check = checkClientKey(exchange, runtime.config.clientKeys)
    if (check.kind === 'refused') return exchange.json(401, { error: check.error })
    exchange.clientKey = check.key
  }
  return route.handle(exchange, runtime, found.params)
}

function finish(exchange: Exchange, runtime: Runtime): void {
  const { settings } = runtime.config.gateway
  // The client left before there was a reply.
  if (exchange.status === 0) exchange.status = 499
  const query = exchange.rawQuery === '' ? '' : `?${maskQuery(exchange.rawQuery)}`
  const access = {
    status: exchange.status,
    latencyMs: runtime.clock.nowMs() - exchange.startedMs,
    address: exchange.address,
    method: exchange.method,
    target: `${exchange.path}${query}`,
  }
  const { level, caller, message } = accessEntry(access, runtime.traits.callers)
  runtime.log.write({ level, caller, message, requestId: exchange.requestId })
  runtime.errorLogs.record(exchange, {
    every: settings.commercialMode ? 'none' : settings.requestLog ? 'request' : 'failure',
    maxFiles: settings.errorLogsMaxFiles,
  })
}

function splitTarget(url: string): { rawPath: string; rawQuery: string } {
  // A proxy's absolute form carries the whole URL.
  const target = url.startsWith('/') ? url : url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '') || '/'
  const cut = target.indexOf('?')
  return cut < 0
    ? { rawPath: target, rawQuery: '' }
    : { rawPath: target.slice(0, cut), rawQuery: target.slice(cut + 1) }
}

function decodePath(rawPath: string): string | null {
  if (!rawPath.includes('%')) return rawPath
  try {
    return decodeURIComponent(rawPath)
  } catch {
    // Bytes that are no UTF-8 are legal in a path; a stray percent sign is not.
    return /%(?![0-9a-f]{2})/i.test(rawPath) ? null : decodeBytes(rawPath)
  }
}

function decodeBytes(rawPath: string): string {
  const bytes = rawPath.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

const COMPLETION_PATHS =
  /^\/(v1\/(chat\/completions|completions|images|videos|messages|responses)|openai\/v1\/videos|v1beta\/models\/|backend-api\/codex\/)/
const CLIENT_PATHS = /^\/(v1|v1beta|openai\/v1|backend-api\/codex)(\/|$)/

function wantsRequestId({ traits }: Runtime, path: string): boolean {
  return (traits.requestIds === 'all-client-paths' ? CLIENT_PATHS : COMPLETION_PATHS).test(path)
}

/** A slash too many: 301 for GET, 307 for the rest, neither logged nor with further headers (contract, HTTP 1.3). */
function redirectSlash(
  table: RouteTable,
  request: IncomingMessage,
  response: ServerResponse,
  rawPath: string,
): boolean {
  if (rawPath.length < 2 || !rawPath.endsWith('/')) return false
  const target = rawPath.replace(/\/+$/, '')
  if (!table(request.method ?? 'GET', target)) return false
  if (request.method === 'GET') {
    response.writeHead(301, { Location: target, 'Content-Type': 'text/html; charset=utf-8' })
    response.end(`<a href="${target}">Moved Permanently</a>.\n\n`)
  } else {
    response.writeHead(307, { Location: target, 'Content-Length': 0 })
    response.end()
  }
  request.resume()
  return true
}

function refuseTarget(response: ServerResponse): void {
  response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' })
  response.end('400 Bad Request')
}

const BROKEN_REQUESTS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const status = BROKEN_REQUESTS[error.code ?? ''] ?? '400 Bad Request'
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`,
    () => socket.destroy(),
  )
}
