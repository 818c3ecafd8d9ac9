import { type Document, isMap, isSeq, type YAMLMap } from 'yaml'
import type { ProviderEntry } from '../../../analysis/config/model.ts'
import type { Section } from '../../../analysis/config/schema-providers.ts'
import type { Exchange, Replied } from '../exchange.ts'
import type { Handler, Runtime, ServedRoute } from '../runtime.ts'
import { editConfig } from './edit.ts'
import { parseJson } from './json-body.ts'
import { entriesOf, sectionJson } from './provider-json.ts'

/** How the items of a section are named in requests (contract, HTTP 8.5). */
interface SectionWords {
  readonly section: Section
  /** Of a query and of a PATCH body that names an item. */
  readonly nameKey: { readonly query: string; readonly body: string }
  readonly nameOf: (entry: ProviderEntry) => string
  readonly patchable: readonly string[]
  /** A PATCH that blanks this key deletes the entry. */
  readonly deletedBy: string
  readonly missing: string
}

const COMPAT: SectionWords = {
  section: 'openai-compatibility',
  nameKey: { query: 'name', body: 'name' },
  nameOf: ({ name }) => name,
  patchable: [
    'name',
    'prefix',
    'disabled',
    'base-url',
    'api-key-entries',
    'models',
    'headers',
    'disable-cooling',
    'support-prompt-cache-key',
    'request-retry',
    'request-scoped-errors',
  ],
  deletedBy: 'base-url',
  missing: 'missing name or index',
}

const keySection = (section: Section): SectionWords => ({
  section,
  nameKey: { query: 'api-key', body: 'match' },
  nameOf: ({ keys }) => keys[0]?.apiKey ?? '',
  patchable: [
    'api-key',
    'prefix',
    'base-url',
    'proxy-url',
    'models',
    'headers',
    'excluded-models',
    'priority',
    'weight',
  ],
  deletedBy: 'api-key',
  missing: 'missing api-key or index',
})

/** The provider sections; two of them only upstream knows. */
export function providerRoutes(flavour: 'upstream' | 'fork' | 'fork-old'): readonly ServedRoute[] {
  const sections: readonly Section[] = ['gemini-api-key', 'claude-api-key', 'codex-api-key', 'vertex-api-key']
  const newer: readonly Section[] = flavour === 'upstream' ? ['xai-api-key', 'interactions-api-key'] : []
  return [COMPAT, ...[...sections, ...newer].map(keySection)].flatMap(routesOf)
}

function routesOf(words: SectionWords): ServedRoute[] {
  const path = `/v0/management/${words.section}`
  const route = (method: ServedRoute['method'], handle: Handler): ServedRoute => ({
    method,
    path,
    key: 'management',
    handle,
  })
  return [
    route('GET', (exchange, runtime) => {
      const isPlain = runtime.traits.providerLists === 'plain'
      const entries = sectionJson(runtime, words.section, isPlain ? 'left-out' : 'shown')
      return exchange.json(200, { [words.section]: isPlain && entries.length === 0 ? null : entries })
    }),
    route('PUT', (exchange, runtime) => putSection(exchange, runtime, words)),
    route('PATCH', (exchange, runtime) => patchEntry(exchange, runtime, words)),
    route('DELETE', (exchange, runtime) => deleteEntry(exchange, runtime, words)),
  ]
}

/** Fields that the routes show and the file never has. */
function withoutIndexes(item: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { 'auth-index': _, 'api-key-entries': keys, ...rest } = item
  if (!Array.isArray(keys)) return rest
  return { ...rest, 'api-key-entries': keys.map((key) => (isRecord(key) ? withoutIndexes(key) : key)) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function putSection(exchange: Exchange, runtime: Runtime, words: SectionWords): Promise<Replied> {
  const body = parseJson(await exchange.readBody())
  const items = body.kind === 'object' ? body.value.items : body.kind === 'list' ? body.value : undefined
  const isEmptyItems = body.kind === 'object' && Array.isArray(items) && items.length === 0
  if (!Array.isArray(items) || !items.every(isRecord) || isEmptyItems)
    return exchange.json(400, { error: 'invalid body' })
  const needsUrl = words.section === 'openai-compatibility'
  const kept = items
    .filter((item) => !needsUrl || String(item['base-url'] ?? '').trim() !== '')
    .map(withoutIndexes)
  return editConfig(exchange, runtime, (document) => document.set(words.section, document.createNode(kept)))
}

type Found =
  | { readonly kind: 'entry'; readonly entry: ProviderEntry }
  | { readonly kind: 'none' }
  | { readonly kind: 'several' }

function findEntry(runtime: Runtime, words: SectionWords, index: unknown, name: unknown): Found {
  const entries = entriesOf(runtime, words.section)
  const byIndex = typeof index === 'number' ? entries[index] : undefined
  if (byIndex) return { kind: 'entry', entry: byIndex }
  if (typeof name !== 'string' || name.trim() === '') return { kind: 'none' }
  const [first, ...others] = entries.filter((entry) => words.nameOf(entry) === name.trim())
  if (!first) return { kind: 'none' }
  const isAmbiguous = others.length > 0 && words.section !== 'openai-compatibility'
  return isAmbiguous ? { kind: 'several' } : { kind: 'entry', entry: first }
}

async function patchEntry(exchange: Exchange, runtime: Runtime, words: SectionWords): Promise<Replied> {
  const body = parseJson(await exchange.readBody())
  if (body.kind !== 'object' || !isRecord(body.value.value))
    return exchange.json(400, { error: 'invalid body' })
  const patch = withoutIndexes(body.value.value)
  const found = findEntry(runtime, words, body.value.index, body.value[words.nameKey.body])
  if (found.kind === 'none') return exchange.json(404, { error: 'item not found' })
  if (found.kind === 'several')
    return exchange.json(400, { error: 'multiple items match; index is required' })
  const isDeleted = typeof patch[words.deletedBy] === 'string' && String(patch[words.deletedBy]).trim() === ''
  return editConfig(exchange, runtime, (document) => {
    if (isDeleted) return removeAt(document, words.section, [found.entry.fileIndex])
    const node = nodeAt(document, words.section, found.entry.fileIndex)
    for (const key of words.patchable) if (key in patch) node?.set(key, document.createNode(patch[key]))
  })
}

function nodeAt(document: Document, section: Section, fileIndex: number): YAMLMap | null {
  const list = document.get(section)
  const item = isSeq(list) ? list.items[fileIndex] : null
  return isMap(item) ? item : null
}

function removeAt(document: Document, section: Section, fileIndexes: readonly number[]): void {
  const list = document.get(section)
  if (isSeq(list)) list.items = list.items.filter((_, i) => !fileIndexes.includes(i))
}

function deleteEntry(exchange: Exchange, runtime: Runtime, words: SectionWords): Replied {
  const entries = entriesOf(runtime, words.section)
  const name = (exchange.query.get(words.nameKey.query) ?? '').trim()
  const index = exchange.query.get('index')
  const byIndex = index !== null && /^\d+$/.test(index) ? entries[Number(index)] : undefined
  if (name === '' && !byIndex) return exchange.json(400, { error: words.missing })
  const matching = name === '' && byIndex ? [byIndex] : matchingName(exchange, entries, words, name)
  if (matching.length > 1 && words.section !== 'openai-compatibility')
    return exchange.json(400, { error: 'multiple items match api-key; base-url is required' })
  return editConfig(exchange, runtime, (document) =>
    removeAt(
      document,
      words.section,
      matching.map(({ fileIndex }) => fileIndex),
    ),
  )
}

function matchingName(
  exchange: Exchange,
  entries: readonly ProviderEntry[],
  words: SectionWords,
  name: string,
): readonly ProviderEntry[] {
  const baseUrl = exchange.query.get('base-url')
  return entries.filter(
    (entry) => words.nameOf(entry) === name && (baseUrl === null || entry.baseUrl === baseUrl.trim()),
  )
}
