import type { Judgement } from '../core/check.ts'
import { printable, span } from '../core/text.ts'
import type { Body, Fault, Reply } from '../gateway/port.ts'

/** A judgement that says "not known" and what to do about it. */
export type Unknown = Judgement & { readonly outcome: 'unknown' }

interface FaultWords {
  readonly saw: string
  readonly next: string
}

/** What to do about codes of OpenSSL and node's certificate checks. */
const TLS_NEXT: readonly (readonly [RegExp, string])[] = [
  [/ALTNAME|HOSTNAME_MISMATCH/, 'give the name that the certificate is made out to with --gateway'],
  [/CERT_HAS_EXPIRED/, "renew the gateway's certificate, or check the clock of this machine"],
  [/CERT_NOT_YET_VALID/, 'check the clocks of this machine and of the gateway'],
  [/KEY_VALUES_MISMATCH/, 'give the --client-key-file that belongs to the --client-cert-file'],
  [
    /ALERT_(?:BAD_CERTIFICATE|CERTIFICATE|UNKNOWN_CA)|CERTIFICATE_REQUIRED/,
    'give a client certificate that the gateway takes, with --client-cert-file and --client-key-file',
  ],
  [/^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/, 'give the authority of its certificate with --ca-file'],
]

/** What an operator should read for each way of getting no reply. */
const FAULT_WORDS: { readonly [K in Fault['kind']]: (fault: Fault & { kind: K }) => FaultWords } = {
  unreachable: ({ code, proxy }) => {
    if (code === 'ENOMEM')
      return {
        saw: `no connection: ${code}`,
        next: 'raise the limit on the memory of this process (ulimit -v): nothing could be sent',
      }
    return proxy === undefined
      ? {
          saw: `no connection: ${code}`,
          next: 'check --gateway, the port, and that the gateway process runs',
        }
      : {
          saw: `no connection to the proxy ${proxy}: ${code}`,
          next: 'check http_proxy and https_proxy, or name the gateway in no_proxy to do without a proxy',
        }
  },
  tls: ({ code }) => ({
    saw: `TLS failed: ${code}`,
    next: TLS_NEXT.find(([codes]) => codes.test(code))?.[1] ?? 'check http:// against https://',
  }),
  timeout: ({ phase, afterMs }) => ({
    saw: `no ${TIMEOUT_WORDS[phase]} within ${span(afterMs)}`,
    next: 'look at the load of the gateway, or raise --timeout',
  }),
  truncated: ({ receivedBytes }) => ({
    saw: `the reply was cut off after ${receivedBytes} bytes`,
    next: 'ask again; when it stays so, look at proxies between here and the gateway',
  }),
  'too-large': ({ limitBytes }) => ({
    saw: `the reply is larger than ${limitBytes} bytes`,
    next: 'check that --gateway points at a gateway and not at a file server',
  }),
  redirected: ({ status, to }) => ({
    saw: `redirected (${status}) to ${printable(to, 80)}, not followed`,
    next: 'give the final address with --gateway: a key is never sent to another origin',
  }),
  garbled: ({ message }) => ({
    saw: `the reply is not valid HTTP: ${printable(message, 80)}`,
    next: 'check scheme and port of --gateway',
  }),
  aborted: () => ({ saw: 'stopped before there was a reply', next: 'raise --deadline' }),
  'no-key': ({ key }) => ({
    saw: `no ${key} key was given`,
    next:
      key === 'client'
        ? 'set PROVOPS_API_KEY or --api-key-file'
        : 'set PROVOPS_MANAGEMENT_KEY or --management-key-file',
  }),
  'held-back': ({ refusal }) => ({
    saw: `not asked: the management key was refused before (${printable(refusal, 80)})`,
    next: 'put the right management key in place before running again: five refusals ban this address for 30 minutes',
  }),
}

const TIMEOUT_WORDS = { connect: 'connection', headers: 'reply', body: 'end of the reply' } as const

export function faultWords(fault: Fault): FaultWords {
  const words = FAULT_WORDS[fault.kind] as (fault: Fault) => FaultWords
  return words(fault)
}

export interface Asked {
  /** As shown in `source`, e.g. `GET /v1/models`. */
  readonly source: string
  readonly expected: string
  readonly why: string
}

/** A reply that never came, as a judgement. */
export function unknownFrom(fault: Fault, asked: Asked): Unknown {
  const cause =
    fault.kind === 'no-key' || fault.kind === 'held-back'
      ? ({ cause: 'auth' } as const)
      : fault.kind === 'aborted'
        ? ({ cause: 'deadline' } as const)
        : {}
  return { outcome: 'unknown', ...asked, ...faultWords(fault), ...cause }
}

/** A reply that came and cannot be read, as a judgement. */
export function unreadable(reply: Reply, reason: string, asked: Asked): Unknown {
  return {
    outcome: 'unknown',
    ...asked,
    saw: `answered ${reply.status} with ${bodyWords(reply.body)}${reason === '' ? '' : `: ${reason}`}`,
    attempts: reply.attempts,
    next: nextForBody(reply.body),
  }
}

/** What kind of body it is, in words, with the head of a foreign text so that it can be recognised. */
export function bodyWords(body: Body): string {
  switch (body.kind) {
    case 'json':
      return 'JSON'
    case 'empty':
      return 'an empty body'
    case 'html':
      return body.title === null ? 'an HTML page' : `an HTML page titled "${printable(body.title, 60)}"`
    case 'half-json':
      return 'JSON that is cut off or broken'
    case 'text':
      return `the text "${printable(body.text, 60)}"`
  }
}

function nextForBody(body: Body): string {
  if (body.kind === 'html')
    return 'a page instead of an API: look for a sign-in or proxy page in front of the gateway, and check --gateway'
  if (body.kind === 'half-json')
    return 'ask again; when it stays so, look at proxies between here and the gateway'
  return 'run again with --debug, and check that --gateway points at the gateway'
}
