import * as z from 'zod/mini'

/** The shapes `GET /v1/models` answers in, depending on headers and version (contract, HTTP 2.2 to 2.5). */
export type ModelListShape = 'openai' | 'claude' | 'gemini' | 'codex' | 'grok'

export interface ListedModel {
  readonly id: string
  /** `''` when the gateway did not say. */
  readonly ownedBy: string
}

export interface ModelList {
  readonly shape: ModelListShape
  /** Sorted by id, one entry per id (the gateway's order is random). */
  readonly models: readonly ListedModel[]
  /** Entries that are no model (no usable id); they are counted, never dropped in silence. */
  readonly unusable: number
  /** Ids the gateway sent more than once. */
  readonly duplicates: readonly string[]
  /** True when the reply says that there are more pages: then absence from `models` proves nothing. */
  readonly hasMore: boolean
}

export type ModelListReading =
  | { readonly kind: 'list'; readonly list: ModelList }
  | { readonly kind: 'unreadable'; readonly reason: string }

const ListEnvelope = z.looseObject({
  data: z.optional(z.nullable(z.array(z.unknown()))),
  models: z.optional(z.nullable(z.array(z.unknown()))),
  has_more: z.optional(z.unknown()),
})

/**
 * Reads any of the five list shapes. A body that has neither a `data` nor a `models` list is `unreadable`, which is
 * not the same as empty; `null` for the list is what Go prints for no entries and reads as empty.
 */
export function readModelList(body: unknown): ModelListReading {
  const envelope = ListEnvelope.safeParse(body)
  if (!envelope.success)
    return { kind: 'unreadable', reason: 'the body is not an object with a list of models' }
  const { data, models, has_more } = envelope.data
  const entries = data === undefined ? models : data
  if (entries === undefined)
    return { kind: 'unreadable', reason: 'the body has neither a `data` nor a `models` list' }
  const shape = shapeOf(data === undefined, entries ?? [])
  return { kind: 'list', list: collect(shape, entries ?? [], has_more === true) }
}

function shapeOf(underModels: boolean, entries: readonly unknown[]): ModelListShape {
  const first = (entries[0] ?? {}) as Record<string, unknown>
  if (underModels) return typeof first.name === 'string' ? 'gemini' : 'codex'
  if (first.type === 'model' || 'display_name' in first) return 'claude'
  return 'api_backend' in first ? 'grok' : 'openai'
}

function collect(shape: ModelListShape, entries: readonly unknown[], hasMore: boolean): ModelList {
  const byId = new Map<string, ListedModel>()
  const duplicates = new Set<string>()
  let unusable = 0
  for (const entry of entries) {
    const model = readModel(shape, entry)
    if (!model) unusable++
    else if (byId.has(model.id)) duplicates.add(model.id)
    else byId.set(model.id, model)
  }
  const models = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  return { shape, models, unusable, duplicates: [...duplicates].sort(), hasMore }
}

function readModel(shape: ModelListShape, entry: unknown): ListedModel | null {
  if (typeof entry !== 'object' || entry === null) return null
  const fields = entry as Record<string, unknown>
  const raw = shape === 'gemini' ? fields.name : shape === 'codex' ? (fields.slug ?? fields.id) : fields.id
  if (typeof raw !== 'string' || raw.trim() === '') return null
  const ownedBy = typeof fields.owned_by === 'string' ? fields.owned_by : ''
  return { id: plainId(shape, raw), ownedBy }
}

const CLOAK = 'claude-fable-5-dd-'

/** Undoes the Gemini path prefix and the Claude listing's cloak, a fixed prefix before the reversed id (contract, HTTP 2.4). */
function plainId(shape: ModelListShape, raw: string): string {
  if (shape === 'gemini') return raw.replace(/^models\//, '')
  if (shape === 'claude' && raw.startsWith(CLOAK)) return [...raw.slice(CLOAK.length)].reverse().join('')
  return raw
}
