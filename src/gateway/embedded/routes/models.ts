import type { Credential } from '../credentials.ts'
import { type Exchange, JSON_TYPE, type Replied } from '../exchange.ts'
import { goJson } from '../go-text.ts'
import { type Inventory, isListed, type Offer } from '../inventory.ts'
import type { Runtime, ServedRoute } from '../runtime.ts'

/** `GET /v1/models` in its shapes, and the Gemini list (contract, HTTP 2). */
export const MODEL_ROUTES: readonly ServedRoute[] = [
  { method: 'GET', path: '/v1/models', key: 'client', handle: listModels },
  {
    method: 'GET',
    path: '/v1beta/models',
    key: 'client',
    handle: (exchange, runtime) => exchange.json(200, geminiList(runtime)),
  },
]

function listModels(exchange: Exchange, runtime: Runtime): Replied {
  return exchange.send(200, JSON_TYPE, SHAPES[shapeFor(exchange, runtime)](runtime))
}

type Shape = 'openai' | 'claude' | 'codex' | 'grok'

/** Which shape a request gets (contract, HTTP 2.2). */
function shapeFor(exchange: Exchange, { traits }: Runtime): Shape {
  const agent = exchange.header('user-agent')
  if (traits.claudeList === 'only-claude-cli') return agent.startsWith('claude-cli') ? 'claude' : 'openai'
  if (traits.claudeList === 'cloaked' && agent.includes('grok-shell')) return 'grok'
  if (exchange.rawQuery !== '' && exchange.query.has('client_version')) return 'codex'
  return exchange.header('anthropic-version') !== '' || agent.startsWith('claude-cli') ? 'claude' : 'openai'
}

/** The body in each shape. */
const SHAPES: Readonly<Record<Shape, (runtime: Runtime) => string>> = {
  openai: openaiList,
  claude: (runtime) => goJson(claudeList(runtime)),
  codex: (runtime) => goJson(codexList(runtime)),
  grok: (runtime) => goJson(grokList(runtime)),
}

interface Listed {
  readonly id: string
  readonly ownedBy: string
  /** For what the configuration defines the time it was registered. */
  readonly createdS: number
  readonly displayName: string
  /** Taken to think on demand: every model of openai-compatibility. */
  readonly reasons: boolean
}

/** Listed ids in random order, as a Go map gives them (contract, HTTP 2.3). */
function listedIds({ inventory, cooldowns, clock, random }: Runtime): string[] {
  const nowMs = clock.nowMs()
  const ids: string[] = []
  for (const [id, offers] of inventory) if (isListed(offers, cooldowns, nowMs)) ids.push(id)
  return random.shuffle(ids)
}

function listed(runtime: Runtime): Listed[] {
  return listedIds(runtime).flatMap((id) => described(id, runtime) ?? [])
}

function described(id: string, runtime: Runtime): Listed | null {
  // Whoever registered last names the owner (contract, files 1.7).
  const offer = runtime.inventory.get(id)?.at(-1)
  return offer ? describe(id, offer, runtime) : null
}

const OWNERS: ReadonlyMap<string, string> = new Map([
  ['claude', 'anthropic'],
  ['codex', 'openai'],
  ['gemini', 'google'],
  ['gemini-interactions', 'google'],
  ['vertex', 'google'],
  ['xai', 'xai'],
  ['kimi', 'moonshot'],
  ['kiro', 'aws'],
])

/** A vendor's word, or the name of the openai-compatibility entry (contract, HTTP 2.3). */
export function ownerOf({ providerKey, provider }: Credential): string {
  return OWNERS.get(providerKey) ?? provider
}

/** When the built-in models were published, the same for all: 2026-01-01. */
const CATALOGUE_S = 1_767_225_600

function describe(id: string, { credential, displayName }: Offer, runtime: Runtime): Listed {
  return {
    id,
    ownedBy: ownerOf(credential),
    createdS: credential.source.kind === 'config' ? Math.floor(runtime.config.loadedMs / 1_000) : CATALOGUE_S,
    displayName,
    reasons:
      credential.source.kind === 'config' &&
      credential.source.credential.entry.section === 'openai-compatibility',
  }
}

/** The JSON of ids in the OpenAI shape: clients poll this list, and its entries change with the inventory only. */
const ENTRIES = new WeakMap<Inventory, Map<string, string>>()

function openaiList(runtime: Runtime): string {
  const { inventory } = runtime
  const entries = ENTRIES.get(inventory) ?? new Map<string, string>()
  ENTRIES.set(inventory, entries)
  const data = listedIds(runtime).map((id) => {
    const known = entries.get(id)
    if (known !== undefined) return known
    const entry = goJson(openaiEntry(id, runtime))
    entries.set(id, entry)
    return entry
  })
  return `{"data":[${data.join(',')}],"object":"list"}`
}

function openaiEntry(id: string, runtime: Runtime): unknown {
  const model = described(id, runtime)
  return { created: model?.createdS, id, object: 'model', owned_by: model?.ownedBy }
}

/** Before ids that the Claude clients would not accept (contract, HTTP 2.4). */
const CLOAK = 'claude-fable-5-dd-'

function cloaked(id: string): string {
  return id.startsWith('claude-') ? id : `${CLOAK}${[...id].reverse().join('')}`
}

/** The id a cloaked one stands for, its `(suffix)` kept; others are returned as they are. */
export function uncloaked(id: string): string {
  const match = /^claude-fable-5-dd-(?<reversed>.*?)(?<suffix>\([^()]*\))?$/s.exec(id)
  if (!match?.groups) return id
  return `${[...(match.groups.reversed ?? '')].reverse().join('')}${match.groups.suffix ?? ''}`
}

function claudeList(runtime: Runtime): unknown {
  const { claudeCode } = runtime.config.gateway.settings
  const cloaks = runtime.traits.claudeList === 'cloaked' && !claudeCode.disableCloakingModelList
  const models = listed(runtime)
  if (runtime.traits.claudeList === 'cloaked')
    models.sort((a, b) => compare(a.displayName, b.displayName) || compare(a.id, b.id))
  const isOld = runtime.traits.claudeList === 'only-claude-cli'
  const data = models.map(({ id, createdS, ownedBy, displayName }) => ({
    created_at: isOld ? createdS : utcSecond(createdS),
    display_name: displayName,
    id: cloaks ? cloaked(id) : id,
    ...(isOld ? {} : { max_input_tokens: 200_000, max_tokens: 64_000 }),
    object: 'model',
    owned_by: ownedBy,
    type: 'model',
  }))
  return { data, first_id: data[0]?.id ?? '', has_more: false, last_id: data.at(-1)?.id ?? '' }
}

function utcSecond(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The Codex client's list; its catalogue is far longer, and only the fields that tell a model are imitated. */
function codexList(runtime: Runtime): unknown {
  const models = listed(runtime).map(({ id, displayName }, i) => ({
    slug: id,
    display_name: displayName,
    description: id,
    context_window: 272_000,
    max_context_window: 272_000,
    default_reasoning_level: 'medium',
    supported_reasoning_levels: [],
    input_modalities: ['text', 'image'],
    supported_in_api: true,
    visibility: 'list',
    priority: i,
  }))
  return { models }
}

const REASONING_EFFORTS = ['low', 'medium', 'high'].map((value) => ({ value }))

function grokList(runtime: Runtime): unknown {
  const data = listed(runtime).map(({ id, displayName, reasons }) => ({
    id,
    model: id,
    name: displayName,
    api_backend: 'responses',
    supported_in_api: true,
    ...(reasons ? { reasoning_efforts: REASONING_EFFORTS } : {}),
  }))
  return { object: 'list', data }
}

function geminiList(runtime: Runtime): unknown {
  const models = listed(runtime).map(({ id, displayName }) => ({
    description: id,
    displayName,
    name: `models/${id}`,
    supportedGenerationMethods: ['generateContent'],
  }))
  return { models }
}
