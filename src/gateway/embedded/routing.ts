import { type Answer, resolve } from '../../analysis/config/resolve.ts'
import type { Bindings } from './affinity.ts'
import type { Credential } from './credentials.ts'
import { goDuration } from './go-text.ts'
import { isListed } from './inventory.ts'
import type { Runtime } from './runtime.ts'

/** One credential that may answer a name, and what it asks its provider for. */
export interface Candidate {
  readonly credential: Credential
  /** Several make a pool that rotates (contract, files 1.8). */
  readonly upstreamNames: readonly string[]
  /** `force-mapping`: answers carry the id that was asked for. */
  readonly answerModel: 'rewritten' | 'as-sent'
}

export type Route =
  | { readonly kind: 'unknown'; readonly model: string }
  | {
      readonly kind: 'known'
      /** The id without its suffix: what cooldowns are kept for. */
      readonly id: string
      /** Internal names, most credentials first. */
      readonly providers: readonly string[]
      /** Highest priority first. */
      readonly tiers: readonly (readonly Candidate[])[]
    }

export type KnownRoute = Extract<Route, { kind: 'known' }>

/** Rotation state; lives as long as the gateway. */
export interface Rotation {
  /** By id: how many requests were handed out. */
  readonly cursors: Map<string, number>
  /** By id, then credential: the running weights of smooth weighted round-robin. */
  readonly weights: Map<string, Map<string, number>>
  /** Routes by requested name; cleared with each configuration. */
  readonly routes: Map<string, Route>
  readonly bindings: Bindings
}

export function createRotation(): Rotation {
  return { cursors: new Map(), weights: new Map(), routes: new Map(), bindings: new Map() }
}

const MAX_KEPT_ROUTES = 10_000

/** Who may answer a requested name (contract, files 1.8 and 1.9). */
export function routeFor(runtime: Runtime, requested: string): Route {
  const known = runtime.rotation.routes.get(requested)
  if (known) return known
  const route = findRoute(runtime, requested)
  const { routes } = runtime.rotation
  // Unknown names, and known ones with a suffix, are as many as clients care to make up.
  if (routes.size >= MAX_KEPT_ROUTES) routes.clear()
  if (route.kind === 'known') routes.set(requested, route)
  return route
}

function findRoute(runtime: Runtime, requested: string): Route {
  const resolution = resolve(runtime.offers, requested)
  if (resolution.kind === 'automatic') {
    const id = newestListed(runtime)
    return id === null ? { kind: 'unknown', model: requested } : routeFor(runtime, id)
  }
  if (resolution.kind === 'unanswered') return { kind: 'unknown', model: resolution.id }
  const byId = new Map(runtime.credentials.map((credential) => [credential.id, credential]))
  const candidateFrom = ({ credential, upstreamNames }: Answer): Candidate[] => {
    const own = byId.get(credential.id)
    const offer = runtime.inventory.get(resolution.id)?.find((each) => each.credential === own)
    return own ? [{ credential: own, upstreamNames, answerModel: offer?.answerModel ?? 'as-sent' }] : []
  }
  return {
    kind: 'known',
    id: resolution.id,
    providers: resolution.providers,
    tiers: resolution.tiers.map(({ answers }) => answers.flatMap(candidateFrom)),
  }
}

/** What `auto` stands for: the listed id that was registered last. */
function newestListed(runtime: Runtime): string | null {
  const nowMs = runtime.clock.nowMs()
  const listed = [...runtime.inventory].filter(([, offers]) => isListed(offers, runtime.cooldowns, nowMs))
  return listed.at(-1)?.[0] ?? null
}

export type Selection =
  | { readonly kind: 'selected'; readonly candidate: Candidate }
  /** Every candidate was tried in this round. */
  | { readonly kind: 'exhausted' }
  /** Every candidate is benched for quota. */
  | { readonly kind: 'cooling'; readonly untilMs: number }
  | { readonly kind: 'unavailable' }

/** The next credential that is ready and not among `tried`, from the highest tier that has one. */
export function select(runtime: Runtime, route: KnownRoute, tried: ReadonlySet<string>): Selection {
  const nowMs = runtime.clock.nowMs()
  for (const tier of route.tiers) {
    const ready = tier.filter(
      ({ credential }) =>
        !tried.has(credential.id) && !runtime.cooldowns.block(credential.id, route.id, nowMs),
    )
    if (ready.length > 0) return { kind: 'selected', candidate: choose(runtime, route.id, ready) }
  }
  if (tried.size > 0) return { kind: 'exhausted' }
  const candidates = route.tiers.flat()
  const blocks = candidates.map(({ credential }) => runtime.cooldowns.block(credential.id, route.id, nowMs))
  const untilMs = blocks.flatMap((block) => (block?.reason === 'quota' ? [block.untilMs] : []))
  return candidates.length > 0 && untilMs.length === candidates.length
    ? { kind: 'cooling', untilMs: Math.min(...untilMs) }
    : { kind: 'unavailable' }
}

function choose(runtime: Runtime, id: string, ready: readonly Candidate[]): Candidate {
  const [first] = ready as [Candidate, ...Candidate[]]
  const { strategy } = runtime.config.gateway.settings
  if (strategy === 'fill-first') return first
  if (strategy === 'weighted-round-robin') return weighted(runtime.rotation, id, ready) ?? first
  const cursor = runtime.rotation.cursors.get(id) ?? 0
  runtime.rotation.cursors.set(id, cursor + 1)
  return ready[cursor % ready.length] ?? first
}

/** Smooth weighted round-robin: everyone gains its weight, the richest is chosen and pays the sum. */
function weighted({ weights }: Rotation, id: string, ready: readonly Candidate[]): Candidate | null {
  const running = weights.get(id) ?? new Map<string, number>()
  weights.set(id, running)
  let best: Candidate | null = null
  let bestWeight = Number.NEGATIVE_INFINITY
  let sum = 0
  for (const candidate of ready) {
    const { credential } = candidate
    if (credential.weight <= 0) continue
    sum += credential.weight
    const weight = (running.get(credential.id) ?? 0) + credential.weight
    running.set(credential.id, weight)
    if (weight <= bestWeight) continue
    best = candidate
    bestWeight = weight
  }
  if (best) running.set(best.credential.id, bestWeight - sum)
  return best
}

/** How long until the first candidate is ready again: 0 when one is, null when none ever will be. */
export function readyInMs(runtime: Runtime, route: KnownRoute): number | null {
  const nowMs = runtime.clock.nowMs()
  const waits = route.tiers
    .flat()
    .map(
      ({ credential }) => (runtime.cooldowns.block(credential.id, route.id, nowMs)?.untilMs ?? nowMs) - nowMs,
    )
  return waits.length === 0 ? null : Math.min(...waits)
}

/** The log line about benched candidates (contract, files 4.5); null when none is benched. */
export function coolingMessage(runtime: Runtime, route: KnownRoute): string | null {
  const nowMs = runtime.clock.nowMs()
  const candidates = route.tiers.flat()
  const items = candidates.flatMap(({ credential }) => {
    const block = runtime.cooldowns.block(credential.id, route.id, nowMs)
    if (!block) return []
    const remaining = goDuration(Math.ceil((block.untilMs - nowMs) / 1_000) * 1_000)
    const reason = block.word === 'transient' ? 'error' : block.word
    return [`[${credential.logName}, reason=${reason}, remaining=${remaining}]`]
  })
  if (items.length === 0) return null
  const providers = `${route.providers.length > 1 ? 'providers' : 'provider'}=${route.providers.join(',')}`
  return `auth unavailable: ${items.length} of ${candidates.length} candidate(s) for model "${route.id}" (${providers}) are in cooldown: ${items.join(', ')}`
}
