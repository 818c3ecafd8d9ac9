import { printable } from '../../core/text.ts'
import type { Fault } from '../port.ts'

export type Phase = 'connect' | 'headers' | 'body'

/** Where an exchange stood when it broke. */
export interface Progress {
  readonly phase: Phase
  readonly receivedBytes: number
}

interface Failure {
  readonly code: string
  readonly message: string
  /** What a parser choked on; looked at, never shown, since it may repeat a key. */
  readonly data: unknown
}

/** What an error of undici, a socket or TLS means. Its message is for `presentable` to clean. */
export function faultOf(error: unknown, progress: Progress): Fault {
  const failure = readFailure(error)
  if (isTls(failure.code)) return { kind: 'tls', code: failure.code, message: tlsMessage(failure) }
  if (failure.code === 'UND_ERR_HEADERS_OVERFLOW')
    return { kind: 'garbled', message: 'the head is too large' }
  if (isParserError(failure)) return { kind: 'garbled', message: parserMessage(failure) }
  if (failure.message === 'bad response' || failure.message === 'bad upgrade')
    return { kind: 'garbled', message: 'the reply switches protocols or says 100 Continue unasked' }
  if (failure.code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' && progress.phase !== 'body')
    return { kind: 'garbled', message: 'the reply contradicts itself about its length' }
  if (failure.code === 'UND_ERR_DESTROYED' || failure.code === 'UND_ERR_CLOSED') return { kind: 'aborted' }
  if (progress.phase === 'body') return { kind: 'truncated', receivedBytes: progress.receivedBytes }
  return unreachable(failure)
}

function readFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: 'unknown error', data: null }
  // A name with several addresses fails with one error for each. IPv6 is tried first, and often is just not there.
  if (error instanceof AggregateError && error.errors.length > 0) return readFailure(error.errors.at(-1))
  const { code, data } = error as { code?: unknown; data?: unknown }
  return {
    code: typeof code === 'string' ? code : error.name,
    message: error.message,
    data,
  }
}

/** An early end of the bytes is no broken HTTP but a broken connection. */
function isParserError({ code, message }: Failure): boolean {
  return code === 'HTTPParserError' && !message.includes('EOF')
}

/** Codes of node's TLS, of OpenSSL, and of certificate checks. */
function isTls(code: string): boolean {
  return (
    /^ERR_(?:SSL|TLS|OSSL)_/.test(code) ||
    /^(?:CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(code) ||
    ['EPROTO', 'HOSTNAME_MISMATCH', 'INVALID_CA', 'INVALID_PURPOSE', 'PATH_LENGTH_EXCEEDED'].includes(code) ||
    code === 'UND_ERR_PRX_TLS'
  )
}

function tlsMessage({ code, message }: Failure): string {
  const speaksNoTls = ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'EPROTO']
  return speaksNoTls.includes(code) ? 'the answer is not TLS; perhaps the address is http://' : message
}

/** What a TLS record that tells of a failed handshake starts with. */
const TLS_ALERT = '\x15\x03'

function parserMessage({ message, data }: Failure): string {
  if (typeof data === 'string' && data.startsWith(TLS_ALERT))
    return 'the answer is TLS, not HTTP; perhaps the address is https://'
  return message || 'the reply is not HTTP'
}

function unreachable({ code, message }: Failure): Fault {
  // node's own HTTP client calls this ECONNRESET too ("socket hang up").
  if (code === 'UND_ERR_SOCKET' || code === 'HTTPParserError')
    return { kind: 'unreachable', code: 'ECONNRESET', message: 'the connection was closed before a reply' }
  // undici's HTTP parser, for which V8 reserves gigabytes of addresses.
  if (code === 'RangeError' && message.startsWith('WebAssembly'))
    return { kind: 'unreachable', code: 'ENOMEM', message: 'there is no address space for an HTTP parser' }
  return { kind: 'unreachable', code: code === 'UND_ERR_CONNECT_TIMEOUT' ? 'ETIMEDOUT' : code, message }
}

/** Faults of a connection that a second try may not meet. A refused connection or unknown name would only say so again. */
export function isPassing(fault: Fault): boolean {
  if (fault.kind === 'truncated') return true
  return (
    fault.kind === 'unreachable' && ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'EAI_AGAIN'].includes(fault.code)
  )
}

const SHOWN_LENGTH = 200

/** More than any header can hold, so that nothing is cut before the keys are out. */
const CLEANED_LENGTH = 100_000

/** Foreign text on one line, without keys: they come out before it is cut, or a part of one could stay. */
export function presentableText(text: string, hide: (text: string) => string): string {
  return printable(hide(printable(text, CLEANED_LENGTH)), SHOWN_LENGTH)
}

/** A fault whose texts, which may repeat what a gateway or proxy sent, can be shown. */
export function presentable(fault: Fault, hide: (text: string) => string): Fault {
  if ('message' in fault) return { ...fault, message: presentableText(fault.message, hide) }
  return fault.kind === 'redirected' ? { ...fault, to: presentableText(fault.to, hide) } : fault
}
