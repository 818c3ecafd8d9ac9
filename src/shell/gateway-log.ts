import { open, readdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseLine } from '../analysis/logs/line.ts'
import { type LogPart, linesPart, scanLog } from '../analysis/logs/scan.ts'
import type { TallyOptions } from '../analysis/logs/tally.ts'
import { type WallClock, wallClock } from '../analysis/logs/wall-clock.ts'
import type { LogReading } from '../checks/daily-context.ts'
import { managementWords } from '../checks/gateway.ts'
import { faultWords } from '../checks/replies.ts'
import { isLoopback } from '../gateway/client/loopback.ts'
import { readLogPage } from '../wire/management.ts'
import type { Invocation } from './invocation.ts'
import { findLog, type LogSource, type LogWish, logDirectories } from './log-source.ts'
import { expandPath } from './paths.ts'
import type { Session } from './session.ts'
import { type Since, sinceMsOf } from './values.ts'

/**
 * Reads the gateway's log: what `--logs` names, else the embedded gateway's, else a log directory of a gateway on
 * this machine, else the management log route. Never throws for what files and gateways do.
 */
export async function readGatewayLog(
  invocation: Invocation,
  session: Session,
  since: Since = invocation.settings.values.since,
  onRecord?: TallyOptions['onRecord'],
): Promise<LogReading> {
  const { world, settings } = invocation
  const nowMs = world.clock.nowMs()
  const zone = settings.values.tz ?? localZone(world.env, nowMs)
  const clock = wallClock(zone)
  if (!clock)
    return {
      kind: 'unreadable',
      saw: `the time zone ${zone} is not known`,
      source: 'TZ',
      next: 'give the zone of the log with --tz, such as Asia/Shanghai',
    }
  const period: Period = {
    clock,
    sinceMs: sinceMsOf(since, nowMs),
    untilMs: wholeSecond(nowMs),
    onRecord,
  }
  const source = await findLog(wishOf(invocation, session), period, { open, readdir, stat })
  if (source.outcome === 'found') return scan(source.parts, source.from, period)
  if (source.outcome === 'nowhere') return fromManagement(invocation, session, period)
  return problemOf(source)
}

interface Period {
  readonly clock: WallClock
  readonly sinceMs: number
  /** What this run itself causes is not counted. */
  readonly untilMs: number
  readonly onRecord: TallyOptions['onRecord']
}

/** Log times have no fraction. */
function wholeSecond(atMs: number): number {
  return Math.floor(atMs / 1000) * 1000
}

function localZone(env: Readonly<Record<string, string | undefined>>, nowMs: number): string {
  return env.TZ || (isUtc(nowMs) ? 'UTC' : new Intl.DateTimeFormat().resolvedOptions().timeZone)
}

/** Whether the clocks of this machine show UTC all year; to ask for the name of their zone loads all zones. */
function isUtc(nowMs: number): boolean {
  const halfAYearMs = 182 * 86_400_000
  return [nowMs, nowMs - halfAYearMs].every((atMs) => new Date(atMs).getTimezoneOffset() === 0)
}

function wishOf({ world, settings }: Invocation, { embedded, gateway }: Session): LogWish {
  const { logs, 'config-file': configFile, 'auth-dir': authDir } = settings.values
  if (logs === '-') return { kind: 'stream', name: 'standard input', stream: world.stdin }
  const absolute = (path: string) => expandPath(path, world.home, world.cwd)
  if (logs !== null) return { kind: 'path', path: absolute(logs) }
  if (embedded) return { kind: 'path', path: embedded.logDir }
  // A log directory here tells nothing about a gateway elsewhere.
  if (!isLoopback(new URL(gateway.url).hostname)) return { kind: 'search', directories: [] }
  const directories = logDirectories({
    env: world.env,
    cwd: world.cwd,
    configDir: configFile === null ? null : dirname(absolute(configFile)),
    authDir: authDir === null ? null : absolute(authDir),
  })
  return { kind: 'search', directories }
}

async function scan(parts: readonly LogPart[], from: string, period: Period): Promise<LogReading> {
  const result = await scanLog(parts, period)
  return { kind: 'scanned', scan: result, source: from }
}

type LogProblem = Exclude<LogSource, { outcome: 'found' | 'nowhere' }>

function problemOf(problem: LogProblem): LogReading {
  const source = problem.path
  const unreadable = (saw: string, next: string): LogReading => ({ kind: 'unreadable', saw, source, next })
  switch (problem.outcome) {
    case 'missing':
      return unreadable(`there is no ${source}`, 'give the log file or its directory with --logs')
    case 'unreadable':
      return unreadable(
        `${source} cannot be read: ${problem.code}`,
        'run as a user who may read it, or give a copy with --logs',
      )
    case 'no-main-log':
      return unreadable(
        `no main.log in ${source}${problem.requestLogs > 0 ? `, only ${problem.requestLogs} request logs` : ''}`,
        'set logging-to-file: true in config.yaml, or pipe the standard output in with --logs -',
      )
    case 'request-log':
      return unreadable(`${source} is the dump of one request`, 'give main.log or its directory with --logs')
    case 'empty':
      return unreadable(`${source} is empty`, 'check that logging-to-file is true in config.yaml')
  }
}

/** Enough for a busy day, and far below the client's size limit for a reply. */
const MOST_LINES = 20_000

const HOW = 'give the log with --logs <file|directory|->'

async function fromManagement(
  { settings }: Invocation,
  { capabilities, gateway }: Session,
  period: Period,
): Promise<LogReading> {
  const answer = await capabilities.ask('logs', { query: { limit: String(MOST_LINES) } })
  const source = `GET ${gateway.url}/v0/management/logs`
  switch (answer.kind) {
    case 'no-management':
      return { kind: 'none', saw: `no log found here, and ${managementWords(answer.management)}`, next: HOW }
    case 'not-offered':
      return { kind: 'none', saw: 'no log found here, and this gateway has no log route', next: HOW }
    case 'fault':
      return { kind: 'unreadable', source, ...faultWords(answer.fault) }
    case 'reply': {
      const { status, body } = answer.reply
      if (status === 400)
        return {
          kind: 'none',
          saw: 'no log found here, and the gateway writes none (logging-to-file is off)',
          next: `set logging-to-file: true, or ${HOW}`,
        }
      const page = status === 200 && body.kind === 'json' ? readLogPage(body.value) : null
      if (page?.kind !== 'lines')
        return {
          kind: 'unreadable',
          saw: `the log route answered ${status} without lines`,
          source,
          next: HOW,
        }
      const zone = settings.values.tz ?? zoneOf(page.lines, page.latestMs)
      const clock = zone === null ? period.clock : (wallClock(zone) ?? period.clock)
      const cut = page.lines.length === MOST_LINES ? `, the last ${MOST_LINES} lines` : ''
      return scan([linesPart('management log', page.lines)], source + cut, { ...period, clock })
    }
  }
}

const QUARTER_MS = 900_000

/** The gateway's offset from UTC, by the local time of its last line and the instant it says that line was written. */
function zoneOf(lines: readonly string[], latestMs: number | null): string | null {
  if (latestMs === null) return null
  for (const line of lines.toReversed()) {
    const record = parseLine(line)
    if (record.kind === 'continuation') continue
    const minutes = Math.round((record.wallSeconds * 1000 - latestMs) / QUARTER_MS) * 15
    const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
    return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
  }
  return null
}
