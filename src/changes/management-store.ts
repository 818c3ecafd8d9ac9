import { printable } from '../core/text.ts'
import type { Body, Gateway, Reply } from '../gateway/port.ts'
import { ROUTES } from '../wire/routes.ts'
import type { Target } from './change.ts'
import type { ConfigStore, ManagementFault, Note, TextOutcome, WriteOutcome } from './store.ts'
import { sha256Of } from './text.ts'
import { compareSecretKeys, compareValues } from './values.ts'

/**
 * The file a gateway owns, through `GET` and `PUT /v0/management/config.yaml` (contract, HTTP 8.3). The gateway
 * validates before it writes and may move comments and change the layout, so what it stores is compared by value. It
 * has no way to make a write depend on the old text: between our last look and its write another can slip in.
 */
export function openManagementStore(gateway: Gateway): ConfigStore {
  const target: Target = { kind: 'management', url: gateway.url }
  return {
    target,
    read: async () => {
      const outcome = await readConfig(gateway)
      return outcome.kind === 'fault' ? outcome : { kind: 'read', bytes: Buffer.from(outcome.text) }
    },
    write: (expected, next) => writeConfig(gateway, expected.toString(), next.toString()),
  }
}

async function readConfig(gateway: Gateway): Promise<TextOutcome> {
  // Sent, not got: a reply shared from earlier in this run would hide what changed since.
  const result = await gateway.send(ROUTES.configYaml)
  if (result.kind === 'fault') return { kind: 'fault', fault: { kind: 'no-reply', fault: result.fault } }
  if (result.value.status !== 200) return { kind: 'fault', fault: faultOf(result.value) }
  const text = textOf(result.value.body)
  // A replacement character stands for bytes that were no text; sent back, they would be lost.
  if (text.includes('\ufffd')) return { kind: 'fault', fault: { kind: 'not-utf8', path: gateway.url } }
  return { kind: 'read', text }
}

async function writeConfig(gateway: Gateway, expected: string, next: string): Promise<WriteOutcome> {
  const failed = (fault: ManagementFault): WriteOutcome => ({ kind: 'failed', fault, left: 'untouched' })
  const secrets = compareSecretKeys(expected, next)
  if (secrets === 'unreadable') return failed({ kind: 'unreadable-text' })
  if (secrets === 'different') return failed({ kind: 'secret-key-changed' })
  const before = await readConfig(gateway)
  if (before.kind === 'fault') return { kind: 'failed', fault: before.fault, left: 'untouched' }
  if (before.text !== expected) return { kind: 'changed' }
  const result = await gateway.send(ROUTES.putConfigYaml, {
    text: next,
    headers: { 'content-type': 'application/yaml' },
  })
  if (result.kind === 'fault') {
    return settle(gateway, expected, next, { kind: 'no-reply', fault: result.fault })
  }
  if (result.value.status !== 200) return settle(gateway, expected, next, faultOf(result.value))
  return readBack(gateway, next, isPersisted(result.value.body) ? [] : [{ kind: 'not-persisted' }])
}

/** A PUT that failed may have been carried out all the same, so the gateway is asked what it holds now. */
async function settle(
  gateway: Gateway,
  expected: string,
  next: string,
  fault: ManagementFault,
): Promise<WriteOutcome> {
  if (fault.kind === 'refused') return { kind: 'failed', fault, left: 'untouched' }
  const now = await readConfig(gateway)
  if (now.kind === 'fault') return { kind: 'failed', fault, left: 'unclear' }
  if (now.text === expected) return { kind: 'failed', fault, left: 'untouched' }
  if (compareValues(now.text, next) === 'same') return stored(now.text, next, [])
  return { kind: 'failed', fault, left: 'unclear' }
}

async function readBack(gateway: Gateway, next: string, notes: readonly Note[]): Promise<WriteOutcome> {
  const now = await readConfig(gateway)
  if (now.kind === 'fault') {
    return { kind: 'written', storedSha256: sha256Of(next), notes: [...notes, { kind: 'not-read-back' }] }
  }
  if (now.text === next || compareValues(now.text, next) === 'same') return stored(now.text, next, notes)
  // What is kept in memory only does not show in the file.
  if (notes.some((note) => note.kind === 'not-persisted')) {
    return { kind: 'written', storedSha256: sha256Of(now.text), notes }
  }
  return { kind: 'failed', fault: { kind: 'stored-differently' }, left: 'unclear' }
}

function stored(text: string, sent: string, notes: readonly Note[]): WriteOutcome {
  const normalised: readonly Note[] = text === sent ? [] : [{ kind: 'normalised' }]
  return { kind: 'written', storedSha256: sha256Of(text), notes: [...notes, ...normalised] }
}

function isPersisted(body: Body): boolean {
  if (body.kind !== 'json' || typeof body.value !== 'object' || body.value === null) return true
  return !('persisted' in body.value) || body.value.persisted !== false
}

function textOf(body: Body): string {
  return body.kind === 'empty' ? '' : body.text
}

function faultOf(reply: Reply): ManagementFault {
  const { status } = reply
  const said = saidBy(reply.body)
  if (status === 401 || status === 403) return { kind: 'refused', status, said }
  if (status === 404) return { kind: 'not-offered', status }
  return { kind: status === 400 || status === 422 ? 'rejected' : 'not-saved', status, said }
}

/** The gateway's own words, without the parts of the file that its YAML parser quotes in backticks. */
function saidBy(body: Body): string {
  if (body.kind !== 'json' || typeof body.value !== 'object' || body.value === null) return ''
  const { error, message } = body.value as { error?: unknown; message?: unknown }
  const words = [error, message].filter((part) => typeof part === 'string').join(': ')
  return printable(words.replace(/`[^`]*`?|"[^"]*"?/g, '…'))
}
