import { createHash } from 'node:crypto'
import { durationMsOf } from '../../analysis/config/go-duration.ts'
import type { Endpoint } from '../../wire/routes.ts'
import type { Exchange } from './exchange.ts'
import { type KnownRoute, type Selection, select } from './routing.ts'
import type { Runtime } from './runtime.ts'
import { objectOf, objectsOf, stringOf } from './translation/json.ts'
import type { JsonBody } from './translation/types.ts'

/** What ties requests of one client together; the words before the colon say where it was found. */
export interface Session {
  readonly id: string
  /** What the same conversation was called before its first answer. */
  readonly earlierId: string | null
}

/** Which credential serves a session, by session and model; lives as long as the gateway. */
export type Bindings = Map<string, { readonly credential: string; readonly untilMs: number }>

/** The oldest are forgotten above this many. */
const MAX_BINDINGS = 10_000
const DEFAULT_TTL_MS = 60 * 60_000

/** The session of a request under `routing.session-affinity` (contract, files 1.2); null when it has none. */
export function sessionOf(
  { traits, config }: Runtime,
  exchange: Exchange,
  endpoint: Endpoint,
  body: JsonBody,
): Session | null {
  if (!config.gateway.settings.sessionAffinity || traits.affinity === 'none') return null
  return traits.affinity === 'named' ? namedSession(exchange, endpoint, body) : spokenSession(body)
}

/** Upstream: what the client says it is, in the order recorded from v7.2.140, else how its conversation begins. */
function namedSession(exchange: Exchange, endpoint: Endpoint, body: JsonBody): Session | null {
  const found = [
    ['claude', claudeSession(body)],
    ['codex', exchange.header('session_id') || exchange.header('session-id')],
    ['header', exchange.header('x-session-id')],
    ['clientreq', exchange.header('x-client-request-id')],
    ['session', stringOf(body.session_id)],
    ['pck', stringOf(body.prompt_cache_key)],
    ['conv', stringOf(body.conversation) || stringOf(objectOf(body.conversation).id)],
    ['user', stringOf(objectOf(body.metadata).user_id)],
    ['conv', stringOf(body.conversation_id)],
  ].find(([, value]) => value !== '')
  if (found) return { id: found.join(':'), earlierId: null }
  const first = openingOf(body)
  return first === null ? null : { id: `derived:${digest([endpoint, first])}`, earlierId: null }
}

/** The fork: ids in the body only, else the first words and their answer; until there is one, the words alone. */
function spokenSession(body: JsonBody): Session | null {
  const found = [
    ['claude', claudeSession(body)],
    ['user', stringOf(objectOf(body.metadata).user_id)],
    ['conv', stringOf(body.conversation_id)],
  ].find(([, value]) => value !== '')
  if (found) return { id: found.join(':'), earlierId: null }
  const first = Array.isArray(body.messages) ? openingOf(body) : null
  if (first === null) return null
  const earlierId = `msg:${digest([first])}`
  const answer = objectsOf(body.messages).find(({ role }) => role === 'assistant')
  return answer
    ? { id: `msg:${digest([first, answer.content])}`, earlierId }
    : { id: earlierId, earlierId: null }
}

/** Claude Code puts its session behind the account: `user_…_account_…_session_<uuid>`. */
function claudeSession({ metadata }: JsonBody): string {
  return /_session_([0-9a-f-]{36})$/.exec(stringOf(objectOf(metadata).user_id))?.[1] ?? ''
}

/** System prompt and first words of the user; null when there are none. */
function openingOf(body: JsonBody): unknown {
  const turns = objectsOf(body.messages ?? body.input)
  const first =
    typeof body.input === 'string' ? body.input : turns.find(({ role }) => role === 'user')?.content
  if (first === undefined) return null
  const system = turns.find(({ role }) => role === 'system' || role === 'developer')?.content
  return [body.system ?? body.instructions ?? system ?? null, first]
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}

/** Like `select`, but the credential that served the session before comes first, whatever its priority. */
export function selectFor(
  runtime: Runtime,
  route: KnownRoute,
  tried: ReadonlySet<string>,
  session: Session | null,
  requestId: string,
): Selection {
  if (!session) return select(runtime, route, tried)
  const nowMs = runtime.clock.nowMs()
  const own = boundTo(runtime, route, session.id)
  const earlier =
    session.earlierId === null || own !== null ? null : boundTo(runtime, route, session.earlierId)
  const bound = route.tiers.flat().find(({ credential }) => credential.id === (own ?? earlier))
  const isReady =
    bound && !tried.has(bound.credential.id) && !runtime.cooldowns.block(bound.credential.id, route.id, nowMs)
  const selection: Selection = isReady
    ? { kind: 'selected', candidate: bound }
    : select(runtime, route, tried)
  if (selection.kind !== 'selected') return selection
  const { id } = selection.candidate.credential
  bind(runtime, route, session.id, id)
  const what = isReady ? (earlier === null ? 'hit' : 'earlier') : bound ? 'lost' : 'miss'
  logChoice(runtime, { what, session, credential: id, model: route.id, requestId })
  return selection
}

function boundTo({ rotation, clock }: Runtime, route: KnownRoute, id: string): string | null {
  const bound = rotation.bindings.get(`${id}\0${route.id}`)
  return bound && bound.untilMs > clock.nowMs() ? bound.credential : null
}

function bind({ rotation, clock, config }: Runtime, route: KnownRoute, id: string, credential: string): void {
  const { bindings } = rotation
  const key = `${id}\0${route.id}`
  const ttlMs = durationMsOf(config.gateway.settings.sessionAffinityTtl) ?? DEFAULT_TTL_MS
  bindings.delete(key)
  bindings.set(key, { credential, untilMs: clock.nowMs() + ttlMs })
  const [oldest] = bindings.keys()
  if (bindings.size > MAX_BINDINGS && oldest !== undefined) bindings.delete(oldest)
}

interface Choice {
  readonly what: 'hit' | 'earlier' | 'lost' | 'miss'
  readonly session: Session
  readonly credential: string
  readonly model: string
  readonly requestId: string
}

/** A name longer than this is cut to its first eight characters in the log. */
const SHOWN_CHARS = 20

/** Contract, files 4.5; the provider is always `mixed`. */
function logChoice({ traits, log }: Runtime, { what, session, credential, model, requestId }: Choice): void {
  const { id, earlierId } = session
  const shown = id.length > SHOWN_CHARS ? `${id.slice(0, 8)}...` : id
  // Upstream forgets a binding with the failure that ends it.
  const said = {
    hit: 'cache hit',
    earlier: 'fallback cache hit',
    lost:
      traits.affinity === 'named' ? 'cache miss, new binding' : 'cache hit but auth unavailable, reselected',
    miss: 'cache miss, new binding',
  }[what]
  const fallback = what === 'earlier' ? ` fallback=${earlierId}` : ''
  log.write({
    level: 'info',
    caller: 'selector.go:736',
    message: `session-affinity: ${said} | session=${shown}${fallback} auth=${credential} provider=mixed model=${model}`,
    requestId,
  })
}
