import { readdir, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { notFound } from '../access.ts'
import type { Exchange, Replied } from '../exchange.ts'
import {
  cursorAtEnd,
  decodeCursor,
  encodeCursor,
  isRotatedLog,
  linesAfter,
  linesOf,
  logFilesIn,
  newestSecond,
  secondOf,
} from '../log-files.ts'
import type { Handler, Runtime, ServedRoute } from '../runtime.ts'

/** `/logs` and the files of failed requests (contract, HTTP 8.8). */
export function logRoutes(cursors: 'offered' | 'unknown'): readonly ServedRoute[] {
  const route = (method: ServedRoute['method'], path: string, handle: Handler): ServedRoute => ({
    method,
    path: `/v0/management${path}`,
    key: 'management',
    handle,
  })
  return [
    route('GET', '/logs', (exchange, runtime) => getLogs(exchange, runtime, cursors)),
    route('DELETE', '/logs', deleteLogs),
    route('GET', '/request-error-logs', listErrorLogs),
    route('GET', '/request-error-logs/:name', getErrorLog),
    route('GET', '/request-log-by-id/:id', getLogById),
  ]
}

type Limit =
  | { readonly kind: 'all' }
  | { readonly kind: 'last'; readonly count: number }
  | { readonly kind: 'refused'; readonly reason: string }

function readLimit(text: string): Limit {
  if (text === '') return { kind: 'all' }
  if (!/^[+-]?\d+$/.test(text)) return { kind: 'refused', reason: 'must be a positive integer' }
  const count = Number(text)
  return count > 0 ? { kind: 'last', count } : { kind: 'refused', reason: 'must be greater than zero' }
}

interface LogPage {
  readonly lines: readonly string[]
  readonly lineCount: number
  readonly latest: number
  readonly reset: boolean
}

async function getLogs(
  exchange: Exchange,
  runtime: Runtime,
  cursors: 'offered' | 'unknown',
): Promise<Replied> {
  if (!runtime.config.gateway.settings.loggingToFile)
    return exchange.json(400, { error: 'logging to file disabled' })
  const limit = readLimit((exchange.query.get('limit') ?? '').trim())
  if (limit.kind === 'refused') return exchange.json(400, { error: `invalid limit: ${limit.reason}` })
  await runtime.log.flush()
  const { directory } = runtime.log
  const cursor = cursors === 'offered' ? (exchange.query.get('cursor') ?? '').trim() : ''
  const after = readAfter(exchange.query.get('after'))
  const page =
    cursor !== ''
      ? await pageFromCursor(directory, cursor, limit)
      : after === 0 && limit.kind === 'last'
        ? await tailPage(directory, limit, 0, false)
        : await scanPage(directory, limit, after)
  const next = cursors === 'offered' ? await cursorAtEnd(directory, page.latest) : null
  return exchange.json(200, {
    ...(page.reset ? { 'cursor-reset': true } : {}),
    'latest-timestamp': page.latest,
    'line-count': page.lineCount,
    lines: page.lines,
    ...(next ? { 'next-cursor': encodeCursor(next) } : {}),
  })
}

function readAfter(text: string | null): number {
  const value = Number(text ?? '')
  return Number.isSafeInteger(value) && value > 0 ? value : 0
}

async function pageFromCursor(directory: string, text: string, limit: Limit): Promise<LogPage> {
  const cursor = decodeCursor(text)
  const lines = cursor ? await linesAfter(directory, cursor) : null
  if (!lines) return tailPage(directory, limit, cursor?.latestTimestamp ?? 0, true)
  const kept = cutTo(lines, limit)
  return {
    lines: kept,
    lineCount: kept.length,
    latest: newestSecond(lines, cursor?.latestTimestamp),
    reset: false,
  }
}

/** The last lines, read from the newest file backwards. */
async function tailPage(directory: string, limit: Limit, least: number, reset: boolean): Promise<LogPage> {
  let lines: string[] = []
  for (const file of (await logFilesIn(directory)).reverse()) {
    lines = [...(await linesOf(file)), ...lines]
    if (limit.kind === 'last' && lines.length >= limit.count) break
  }
  const kept = cutTo(lines, limit)
  return { lines: kept, lineCount: kept.length, latest: newestSecond(kept, least), reset }
}

/** Every file is read, and `line-count` counts every line of them (contract, HTTP 8.8). */
async function scanPage(directory: string, limit: Limit, after: number): Promise<LogPage> {
  const lines: string[] = []
  let lineCount = 0
  let latest = after
  let isNew = after === 0
  for (const file of await logFilesIn(directory)) {
    for (const line of await linesOf(file)) {
      lineCount++
      const second = secondOf(line)
      if (second !== null) {
        isNew = second > after || after === 0
        if (second > latest) latest = second
      }
      if (isNew) lines.push(line)
    }
  }
  return { lines: cutTo(lines, limit), lineCount, latest, reset: false }
}

function cutTo(lines: readonly string[], limit: Limit): readonly string[] {
  return limit.kind === 'last' ? lines.slice(-limit.count) : lines
}

async function deleteLogs(exchange: Exchange, runtime: Runtime): Promise<Replied> {
  if (!runtime.config.gateway.settings.loggingToFile)
    return exchange.json(400, { error: 'logging to file disabled' })
  const { directory } = runtime.log
  const rotated = (await readdir(directory).catch(() => [])).filter(isRotatedLog)
  await Promise.all(rotated.map((name) => unlink(join(directory, name))))
  await runtime.log.clear()
  return exchange.json(200, { success: true, message: 'Logs cleared successfully', removed: rotated.length })
}

async function listErrorLogs(exchange: Exchange, runtime: Runtime): Promise<Replied> {
  if (runtime.config.gateway.settings.requestLog) return exchange.json(200, { files: [] })
  await runtime.errorLogs.flush()
  const { directory } = runtime.log
  const names = (await readdir(directory).catch(() => [])).filter((name) => /^error-.*\.log$/.test(name))
  const files = await Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(directory, name))
      return { name, size, modified: Math.floor(mtimeMs / 1_000) }
    }),
  )
  files.sort((a, b) => b.modified - a.modified)
  return exchange.json(200, { files })
}

const getErrorLog: Handler = async (exchange, runtime, { name = '' }) => {
  // The real router takes the path apart after decoding, so this is no route of its.
  if (name.includes('/')) return notFound(exchange, runtime)
  if (name.includes('\\')) return exchange.json(400, { error: 'invalid log file name' })
  if (!/^error-.*\.log$/.test(name)) return exchange.json(404, { error: 'log file not found' })
  await runtime.errorLogs.flush()
  return sendFile(exchange, runtime, name, 'log file not found')
}

const getLogById: Handler = async (exchange, runtime, { id = '' }) => {
  if (id.includes('/') || id.includes('\\')) return exchange.json(400, { error: 'invalid request ID' })
  await runtime.errorLogs.flush()
  const names = await readdir(runtime.log.directory).catch(() => [])
  const name = names.find((each) => each.endsWith(`-${id}.log`))
  const notFound = 'log file not found for the given request ID'
  if (name === undefined) return exchange.json(404, { error: notFound })
  return sendFile(exchange, runtime, name, notFound)
}

async function sendFile(
  exchange: Exchange,
  runtime: Runtime,
  name: string,
  notFound: string,
): Promise<Replied> {
  const bytes = await readFile(join(runtime.log.directory, name)).catch(() => null)
  if (!bytes) return exchange.json(404, { error: notFound })
  exchange.addHeader('Content-Disposition', `attachment; filename="${name}"`)
  return exchange.send(200, 'text/x-log; charset=utf-8', bytes)
}
