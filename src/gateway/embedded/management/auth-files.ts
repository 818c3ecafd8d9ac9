import { readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lastRefreshMs, textField } from '../auth-dir.ts'
import { registerCredentials } from '../config-state.ts'
import type { Credential } from '../credentials.ts'
import type { Exchange, Replied } from '../exchange.ts'
import { localRfc3339 } from '../go-text.ts'
import { ownerOf } from '../routes/models.ts'
import type { Handler, Runtime, ServedRoute } from '../runtime.ts'
import { parseJson } from './json-body.ts'

/** Credentials of token files (contract, HTTP 8.6). */
export const AUTH_FILE_ROUTES: readonly ServedRoute[] = [
  route('GET', '/auth-files', listFiles),
  route('POST', '/auth-files', uploadFile),
  route('DELETE', '/auth-files', deleteFiles),
  route('GET', '/auth-files/models', listModels),
  route('GET', '/auth-files/download', downloadFile),
  route('PATCH', '/auth-files/status', patchStatus),
  route('PATCH', '/auth-files/fields', patchFields),
]

function route(method: ServedRoute['method'], path: string, handle: Handler): ServedRoute {
  return { method, path: `/v0/management${path}`, key: 'management', handle }
}

function listFiles(exchange: Exchange, runtime: Runtime): Replied {
  const filters = runtime.profile.startsWith('fork') ? null : exchange.query
  const name = (filters?.get('name') ?? '').trim()
  const index = (filters?.get('auth_index') ?? '').trim()
  const files = runtime.credentials
    .filter(({ source }) => source.kind === 'file')
    .filter((each) => (name === '' || each.id === name) && (index === '' || each.authIndex === index))
    .sort((a, b) => compare(a.id.toLowerCase(), b.id.toLowerCase()))
    .flatMap((credential) => entryOf(credential, runtime))
  return exchange.json(200, { files })
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function entryOf(credential: Credential, runtime: Runtime): Record<string, unknown>[] {
  const { source } = credential
  if (source.kind !== 'file') return []
  const nowMs = runtime.clock.nowMs()
  const { file } = source
  const health = runtime.cooldowns.health(credential.id, nowMs)
  const disabled = credential.state === 'disabled'
  const refreshedMs = lastRefreshMs(file)
  return [
    {
      id: credential.id,
      auth_index: credential.authIndex,
      name: file.name,
      type: credential.providerKey,
      provider: credential.providerKey,
      label: textField(file, 'label', 'email') || credential.providerKey,
      status: disabled ? 'disabled' : health.status,
      status_message: health.message,
      disabled,
      unavailable: health.unavailable,
      runtime_only: false,
      source: 'file',
      size: file.sizeBytes,
      ...countsOf(credential, runtime, nowMs),
      ...optional('email', textField(file, 'email')),
      ...optional('project_id', textField(file, 'project_id')),
      ...optional('note', textField(file, 'note')),
      ...(file.codexClaims ? { id_token: file.codexClaims } : {}),
      account_type: 'oauth',
      ...optional('account', textField(file, 'email')),
      ...(typeof file.fields.priority === 'undefined' ? {} : { priority: credential.priority }),
      created_at: localRfc3339(runtime.config.loadedMs),
      modtime: localRfc3339(file.modifiedMs),
      updated_at: localRfc3339(runtime.config.loadedMs),
      ...(refreshedMs === null ? {} : { last_refresh: localRfc3339(refreshedMs) }),
      ...(health.nextRetryMs === null ? {} : { next_retry_after: localRfc3339(health.nextRetryMs) }),
      path: file.path,
    },
  ]
}

function countsOf(credential: Credential, runtime: Runtime, nowMs: number): Record<string, unknown> {
  if (runtime.traits.buckets === 'none') return {}
  const { success, failed } = runtime.counters.credentialCounts(credential.id)
  return { success, failed, recent_requests: runtime.counters.recent(credential.id, nowMs) }
}

function optional(name: string, value: string): Record<string, string> {
  return value === '' ? {} : { [name]: value }
}

function listModels(exchange: Exchange, runtime: Runtime): Replied {
  const name = (exchange.query.get('name') ?? '').trim()
  if (name === '') return exchange.json(400, { error: 'name is required' })
  const models = [...runtime.inventory.values()].flatMap((offers) =>
    offers
      .filter(({ credential }) => credential.id === name)
      .map(({ id, displayName, credential }) => ({
        id,
        display_name: displayName,
        type: ownerOf(credential),
        owned_by: ownerOf(credential),
      })),
  )
  return exchange.json(200, { models })
}

/** The `name` of the query, when it is the plain name of a JSON file; else the reason is answered. */
function fileNameFrom(exchange: Exchange): { readonly name: string } | Replied {
  const name = (exchange.query.get('name') ?? '').trim()
  const error =
    name === '' || /[/\\]/.test(name) || name.startsWith('.')
      ? 'invalid name'
      : name.toLowerCase().endsWith('.json')
        ? null
        : 'name must end with .json'
  return error === null ? { name } : exchange.json(400, { error })
}

async function downloadFile(exchange: Exchange, runtime: Runtime): Promise<Replied> {
  const file = fileNameFrom(exchange)
  if (file === 'replied') return file
  const bytes = await readFile(join(runtime.paths.auth, file.name)).catch(() => null)
  if (!bytes) return exchange.json(404, { error: 'file not found' })
  exchange.addHeader('Content-Disposition', `attachment; filename="${file.name}"`)
  return exchange.send(200, 'application/json', bytes)
}

/** Only the raw form with `?name=`; the panel's multipart form is not imitated. */
async function uploadFile(exchange: Exchange, runtime: Runtime): Promise<Replied> {
  const body = await exchange.readBody()
  const file = fileNameFrom(exchange)
  if (file === 'replied') return file
  if (parseJson(body).kind !== 'object') return exchange.json(400, { error: 'invalid auth file' })
  await writeFile(join(runtime.paths.auth, file.name), body ?? '', { mode: 0o600 })
  registerCredentials(runtime)
  return exchange.json(200, { status: 'ok' })
}

async function deleteFiles(exchange: Exchange, runtime: Runtime): Promise<Replied> {
  const known = runtime.credentials.flatMap(({ source }) =>
    source.kind === 'file' ? [source.file.name] : [],
  )
  const wanted = exchange.query.get('all') === 'true' ? known : exchange.query.getAll('name')
  const found = wanted.filter((name) => known.includes(name))
  if (wanted.length === 0) return exchange.json(400, { error: 'invalid name' })
  if (found.length === 0) {
    const error = runtime.traits.flavour === 'fork-old' ? 'file not found' : 'auth file not found'
    return exchange.json(404, { error })
  }
  await Promise.all(found.map((name) => unlink(join(runtime.paths.auth, name))))
  registerCredentials(runtime)
  return exchange.json(200, {
    status: 'ok',
    ...(found.length > 1 ? { deleted: found.length, files: found } : {}),
  })
}

async function patchStatus(exchange: Exchange, runtime: Runtime): Promise<Replied> {
  const body = parseJson(await exchange.readBody())
  const fields = body.kind === 'object' ? body.value : {}
  const name = typeof fields.name === 'string' ? fields.name.trim() : ''
  const { disabled } = fields
  if (name === '') return exchange.json(400, { error: 'name is required' })
  if (typeof disabled !== 'boolean') return exchange.json(400, { error: 'disabled is required' })
  const done = await changeFields(runtime, name, { disabled })
  if (done === 'unknown') return exchange.json(404, { error: 'auth file not found' })
  return exchange.json(200, { status: 'ok', disabled })
}

/** Fields that may be changed without touching a token. */
const EDITABLE = ['priority', 'note', 'prefix', 'proxy_url', 'weight', 'websockets', 'request_retry']

async function patchFields(exchange: Exchange, runtime: Runtime): Promise<Replied> {
  const body = parseJson(await exchange.readBody())
  const fields = body.kind === 'object' ? body.value : {}
  const name = typeof fields.name === 'string' ? fields.name.trim() : ''
  if (name === '') return exchange.json(400, { error: 'name is required' })
  const changes = Object.fromEntries(EDITABLE.flatMap((key) => (key in fields ? [[key, fields[key]]] : [])))
  if (Object.keys(changes).length === 0) return exchange.json(400, { error: 'no fields to update' })
  const done = await changeFields(runtime, name, changes)
  if (done === 'unknown') return exchange.json(404, { error: 'auth file not found' })
  return exchange.json(200, { status: 'ok' })
}

async function changeFields(
  runtime: Runtime,
  name: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<'changed' | 'unknown'> {
  const source = runtime.credentials.find(({ id }) => id === name)?.source
  if (source?.kind !== 'file') return 'unknown'
  await writeFile(source.file.path, JSON.stringify({ ...source.file.fields, ...changes }))
  registerCredentials(runtime)
  return 'changed'
}
