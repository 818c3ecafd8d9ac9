import { readdir, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import type { Credential } from './credentials.ts'
import type { Exchange } from './exchange.ts'
import { localFileStamp, localRfc3339 } from './go-text.ts'
import { maskKey, maskQuery } from './log-line.ts'
import type { Traits } from './profile.ts'

export interface ErrorLogRules {
  /** `request-log`: on, every request gets a file without `error-` in its name. */
  readonly every: 'request' | 'failure' | 'none'
  /** `error-logs-max-files`; 0 keeps all. */
  readonly maxFiles: number
}

export interface ErrorLogs {
  /** Writes the file of one finished request where the rules ask for one. Never fails: what cannot be written is not. */
  record(exchange: Exchange, rules: ErrorLogRules): void
  /** Resolves when the files handed in so far are written. */
  flush(): Promise<void>
}

/** Request and error log files (contract, files 4.8). */
export function createErrorLogs(
  directory: string,
  traits: Pick<Traits, 'version' | 'attribution'>,
  clock: Clock,
): ErrorLogs {
  let written: Promise<void> = Promise.resolve()
  let counter = 0
  return {
    record(exchange, rules) {
      if (!isWanted(exchange, rules)) return
      counter++
      const id = exchange.hasRequestId ? exchange.requestId : String(counter)
      const name = errorLogName(rules.every === 'request' ? '' : 'error-', exchange.path, clock.nowMs(), id)
      written = written
        .then(() => writeFile(join(directory, name), errorLogText(exchange, traits), { mode: 0o644 }))
        .then(() => (rules.every === 'failure' ? removeOldest(directory, rules.maxFiles) : undefined))
        .catch(() => {})
    },
    flush: () => written,
  }
}

function isWanted(exchange: Exchange, rules: ErrorLogRules): boolean {
  if (rules.every === 'none' || exchange.path.startsWith('/v0/management')) return false
  if (exchange.method === 'GET') return false
  return rules.every === 'request' || (exchange.status >= 400 && exchange.status !== 499)
}

/** `error-<path>-<local time>-<id>.log` (contract, files 4.8). */
function errorLogName(kind: 'error-' | '', path: string, timeMs: number, id: string): string {
  const slug = path.replace(/^\//, '').replace(/[/:<>"|?*\s\x00-\x1f]+/g, '-') || 'root'
  return `${kind}${slug.slice(0, 120)}-${localFileStamp(timeMs)}-${id}.log`
}

async function removeOldest(directory: string, maxFiles: number): Promise<void> {
  if (maxFiles <= 0) return
  const names = (await readdir(directory)).filter((name) => /^error-.*\.log$/.test(name))
  if (names.length <= maxFiles) return
  const files = await Promise.all(
    names.map(async (name) => ({ name, timeMs: (await stat(join(directory, name))).mtimeMs })),
  )
  files.sort((a, b) => a.timeMs - b.timeMs || (a.name < b.name ? -1 : 1))
  await Promise.all(files.slice(0, files.length - maxFiles).map(({ name }) => unlink(join(directory, name))))
}

function errorLogText(exchange: Exchange, traits: Pick<Traits, 'version' | 'attribution'>): string {
  const query = exchange.rawQuery === '' ? '' : `?${maskQuery(exchange.rawQuery)}`
  const sections = [
    section('REQUEST INFO', [
      `Version: ${traits.version}`,
      `URL: ${exchange.path}${query}`,
      `Method: ${exchange.method}`,
      'Downstream Transport: http',
      ...(exchange.attempts.length > 0 ? ['Upstream Transport: http'] : []),
      `Timestamp: ${localRfc3339(exchange.startedMs)}`,
    ]),
    section('HEADERS', maskedHeaders(exchange.request.rawHeaders)),
    section('REQUEST BODY', [exchange.requestBody]),
    ...(traits.attribution === 'none' ? [] : exchange.attempts).map((attempt, i) =>
      section(`API REQUEST ${i + 1}`, [
        `Timestamp: ${localRfc3339(attempt.timeMs)}`,
        `Upstream URL: ${attempt.url}`,
        'HTTP Method: POST',
        `Auth: ${authLine(attempt.credential)}`,
        '',
        'Body:',
        JSON.stringify(attempt.body),
      ]),
    ),
    ...(exchange.lastRefusal === null
      ? []
      : [section('API RESPONSE', [`Timestamp: ${localRfc3339(exchange.startedMs)}`, exchange.lastRefusal])]),
    section('RESPONSE', [`Status: ${exchange.status}`, '', exchange.replyBody]),
  ]
  return sections.join('\n\n')
}

function authLine({ providerKey, id, provider, logName, source }: Credential): string {
  const type = source.kind === 'file' ? 'oauth' : `api_key value=${logName.replace(/^api_key=/, '')}`
  return `provider=${providerKey}, auth_id=${id}, label=${provider}, type=${type}`
}

export interface PastFailure {
  readonly path: string
  readonly model: string
  readonly timeMs: number
  readonly requestId: string
  readonly status: number
  readonly text: string
}

/** The file of a request that failed before the start. */
export function pastErrorLog(
  failure: PastFailure,
  version: string,
): { readonly name: string; readonly text: string } {
  const { path, model, timeMs, requestId, status, text } = failure
  const sections = [
    section('REQUEST INFO', [
      `Version: ${version}`,
      `URL: ${path}`,
      'Method: POST',
      'Downstream Transport: http',
      'Upstream Transport: http',
      `Timestamp: ${localRfc3339(timeMs)}`,
    ]),
    section('HEADERS', ['Content-Type: application/json']),
    section('REQUEST BODY', [JSON.stringify({ model })]),
    section('API RESPONSE', [`Timestamp: ${localRfc3339(timeMs)}`, text]),
    section('RESPONSE', [`Status: ${status}`, 'Content-Type: application/json', '', text]),
  ]
  return { name: errorLogName('error-', path, timeMs, requestId), text: sections.join('\n\n') }
}

function section(title: string, lines: readonly string[]): string {
  return `=== ${title} ===\n${lines.join('\n')}\n`
}

const SECRET_HEADER = /authorization|api-?key|token|secret|cookie|management-key/i

function maskedHeaders(raw: readonly string[]): string[] {
  const lines: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name = '', value = ''] = raw.slice(i, i + 2)
    lines.push(`${name}: ${SECRET_HEADER.test(name) ? maskedValue(value) : value}`)
  }
  return lines.sort()
}

function maskedValue(value: string): string {
  const cut = value.indexOf(' ')
  return cut < 0 ? maskKey(value) : `${value.slice(0, cut)} ${maskKey(value.slice(cut + 1))}`
}
