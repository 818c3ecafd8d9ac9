import { goDurationMs } from './go-duration.ts'
import type { UpstreamFailureMessage } from './upstream-failure.ts'
import {
  displayProvider,
  FAILURE_TEXT,
  MESSAGE_HEAD_LENGTH,
  readUpstreamFailure,
} from './upstream-failure.ts'

/** What the message part of a record says. Texts are foreign: not to be shown before they are cleaned. */
export type Message =
  | AccessMessage
  | UpstreamFailureMessage
  | CoolingMessage
  | UseMessage
  | RequestErrorMessage
  | AffinityMessage
  | { readonly kind: 'refresh'; readonly result: 'refreshed' | 'failed' }
  | { readonly kind: 'reload'; readonly result: 'reloaded' | 'failed' }
  /** The banner of a starting gateway. */
  | { readonly kind: 'start'; readonly version: string }
  | { readonly kind: 'other' }

/** The answer to a client. */
export interface AccessMessage {
  readonly kind: 'access'
  readonly status: number
  /** Null when the column holds no duration. */
  readonly latencyMs: number | null
  /** As claimed by the client's `X-Forwarded-For`; can be empty. */
  readonly ip: string
  readonly method: string
  /** Percent-decoded, with its query. */
  readonly path: string
  /** `open`: the quote behind the path is not on this line, so the path holds a line break. */
  readonly pathEnd: 'closed' | 'open'
}

/** No credential was free for the model; the gateway itself refuses. */
export interface CoolingMessage {
  readonly kind: 'cooling'
  readonly cooling: number
  readonly candidates: number
  /** The client's name for the model. */
  readonly model: string
  readonly providers: readonly string[]
  /** The cooling credentials as written; empty in newest versions. For `coolingItems`. */
  readonly list: string
}

/** A credential about to be tried (debug). */
export interface UseMessage {
  readonly kind: 'use'
  readonly credential: string
  readonly provider: string | null
  readonly model: string
}

/** A provider's refusal as its executor saw it (debug). */
export interface RequestErrorMessage {
  readonly kind: 'request-error'
  readonly status: number
  readonly error: string
}

/** Which credential session affinity chose. */
export interface AffinityMessage {
  readonly kind: 'affinity'
  readonly credential: string
  readonly provider: string
  readonly model: string
}

// All expressions are from the contract, files 4.7. Methods are any token, as Go's server accepts them, and a latency
// that cannot be read does not make an answer uncounted.
const ACCESS_HEAD = `^(?:\\[GIN\\] \\d{4}\\/\\d{2}\\/\\d{2} - \\d{2}:\\d{2}:\\d{2} \\| *)? *([1-5]\\d{2}) *\\| *([^|]*?) *\\| *([^|]*?) *\\| *([^\\s"]+) +"`
const ACCESS = new RegExp(`${ACCESS_HEAD}([^"]*|.*?)"(?: \\[credits\\])?(?: \\| .*| [^|"].*)?$`, 's')
const OPEN_ACCESS = new RegExp(`${ACCESS_HEAD}(.*)$`, 's')
const COOLING =
  /^auth unavailable: (?<cooling>\d+) of (?<total>\d+) candidate\(s\) for model "(?<model>(?:[^"\\]|\\.)*)"(?: \(providers?=(?<providers>[^)]*)\))? are in cooldown(?:: (?<list>.*))?$/s
const COOLING_ITEM = /\[(?<credential>[^\]]*?), reason=(?<reason>[^\]]*?), remaining=(?<remaining>[^\],]+)\]/g
const USE = /^Use (?:API key (?<key>\S+)|OAuth (?<identity>.*?)) for model (?<model>.*?)(?: via .*)?$/s
const REQUEST_ERROR =
  /^request error, error status: (?<status>\d{3}),? error (?:message|body): (?<error>.*)$/s
const AFFINITY =
  /^session-affinity: [^|]+? \| .*?auth=(?<auth>.+?) provider=(?<provider>\S+) model=(?<model>.+)$/s
const REFRESH_DONE = /^refreshed [^,]+, [^,]+, (?<error>.*)$/s
const START = /^CLIProxyAPI(?:Plus| Plus|\+\+)? Version: (?<version>[^\s,]+)/

/** What a message says; `other` when it is none of the kinds that provops reads. */
export function readMessage(text: string): Message {
  return readers(text)?.(text) ?? { kind: 'other' }
}

type Reader = (text: string) => Message | null

// Looking at the first character first spares most lines all expressions.
function readers(text: string): Reader | null {
  const first = text.charCodeAt(0)
  if (first === 0x20 || (first >= 0x31 && first <= 0x35) || first === 0x5b) return readStatusLine
  return BY_FIRST_CHARACTER[text.charAt(0)] ?? null
}

// A failure line with a status begins like an access line and must never be counted as one (contract, files 4.5).
function readStatusLine(text: string): Message | null {
  const failure = text.includes(FAILURE_TEXT) ? readUpstreamFailure(text) : null
  return failure ?? readAccess(text)
}

function readAccess(text: string): Message | null {
  const closed = ACCESS.exec(text)
  const found = closed ?? OPEN_ACCESS.exec(text)
  if (found === null) return null
  const [, status, latency = '', ip = '', method = '', path = ''] = found
  return {
    kind: 'access',
    status: Number(status),
    latencyMs: goDurationMs(latency),
    ip,
    method,
    path,
    pathEnd: closed === null ? 'open' : 'closed',
  }
}

function readCooling(text: string): Message | null {
  const groups = COOLING.exec(text)?.groups
  if (groups === undefined) return null
  return {
    kind: 'cooling',
    cooling: Number(groups.cooling),
    candidates: Number(groups.total),
    model: unquote(groups.model ?? ''),
    providers: (groups.providers ?? '')
      .split(',')
      .filter((name) => name !== '')
      .map(displayProvider),
    list: groups.list ?? '',
  }
}

function readUse(text: string): Message | null {
  const groups = USE.exec(text.slice(0, MESSAGE_HEAD_LENGTH))?.groups
  if (groups === undefined) return null
  const identity = groups.identity ?? ''
  const provider = /^provider=(\S+)/.exec(identity)?.[1]
  return {
    kind: 'use',
    credential: groups.key === undefined ? identity : `api_key=${groups.key}`,
    provider: provider === undefined ? null : displayProvider(provider),
    model: groups.model ?? '',
  }
}

function readRequestError(text: string): Message | null {
  const groups = REQUEST_ERROR.exec(text)?.groups
  if (groups === undefined) return null
  return { kind: 'request-error', status: Number(groups.status), error: groups.error ?? '' }
}

function readAffinity(text: string): Message | null {
  const groups = AFFINITY.exec(text.slice(0, MESSAGE_HEAD_LENGTH))?.groups
  if (groups === undefined) return null
  return {
    kind: 'affinity',
    credential: groups.auth ?? '',
    provider: displayProvider(groups.provider ?? ''),
    model: groups.model ?? '',
  }
}

function readRefreshDone(text: string): Message | null {
  const error = REFRESH_DONE.exec(text)?.groups?.error
  if (error === undefined) return null
  return { kind: 'refresh', result: error.startsWith('<nil>') ? 'refreshed' : 'failed' }
}

function readStart(text: string): Message | null {
  const version = START.exec(text)?.groups?.version
  return version === undefined ? null : { kind: 'start', version }
}

const BY_FIRST_CHARACTER: Readonly<Record<string, Reader>> = {
  u: readUpstreamFailure,
  a: readCooling,
  U: readUse,
  r: (text) => readRequestError(text) ?? readRefreshDone(text),
  s: readAffinity,
  T: (text) =>
    /^Token refresh attempt \d+ failed/.test(text) ? { kind: 'refresh', result: 'failed' } : null,
  c: (text) =>
    text.startsWith('config successfully reloaded') ? { kind: 'reload', result: 'reloaded' } : null,
  f: (text) => (text.startsWith('failed to reload config') ? { kind: 'reload', result: 'failed' } : null),
  C: readStart,
}

// Go's %q differs from JSON only in escapes such as \x00, which no model name has.
function unquote(quoted: string): string {
  return quoted.replace(/\\(["\\])/g, '$1')
}

export interface CoolingItem {
  readonly credential: string
  readonly reason: string
  readonly remainingMs: number | null
}

/** The credentials in the list of a cooling message; a list can name thousands. */
export function* coolingItems(list: string): Generator<CoolingItem> {
  for (const { groups } of list.matchAll(COOLING_ITEM)) {
    yield {
      credential: groups?.credential ?? '',
      reason: groups?.reason ?? '',
      remainingMs: goDurationMs(groups?.remaining ?? ''),
    }
  }
}
