import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { applyEdits } from '../../../src/analysis/config/edit.ts'
import type { ConfigEdit, EntryRef } from '../../../src/analysis/config/edit-types.ts'
import { dice, randomFile } from './random-config.ts'

// biome-ignore lint/suspicious/noExplicitAny: the data of a random file has no shape of its own
type Data = any

const ENTRIES: readonly EntryRef[] = [
  { section: 'openai-compatibility', index: 0 },
  { section: 'openai-compatibility', index: 1 },
  { section: 'openai-compatibility', name: 'nvidia' },
  { section: 'claude-api-key', index: 0 },
]
const MODELS = [
  { name: 'up/new', alias: 'yes' },
  { name: 'glm' },
  { name: 'kimi-k2', alias: 'a b' },
  { name: 'm', alias: 'a' },
] as const
const entry = fc.constantFrom(...ENTRIES)
const claude: EntryRef = { section: 'claude-api-key', index: 0 }
const target = fc.oneof(
  fc.constant({ kind: 'entry', entry: claude } as const),
  fc.constantFrom('codex', 'kimi').map((channel) => ({ kind: 'oauth', channel }) as const),
)
const edits: fc.Arbitrary<ConfigEdit> = fc.oneof(
  fc.constantFrom('brand new', 'it\'s "x": #1', '8318').map(
    (name): ConfigEdit => ({
      kind: 'add-compat-entry',
      entry: {
        name,
        baseUrl: 'https://new.example/v1',
        prefix: 'fresh',
        keys: [{ apiKey: 'sk-new: #', weight: 2 }, { apiKey: '0123' }],
        models: [{ name: 'x/y', alias: 'null' }, { name: 'w' }],
      },
    }),
  ),
  fc
    .constantFrom('nvidia', 'flow', 'main', 'nobody')
    .map((name): ConfigEdit => ({ kind: 'remove-compat-entry', name })),
  fc
    .tuple(entry, fc.constantFrom(...MODELS))
    .map(([ref, model]): ConfigEdit => ({ kind: 'add-model', entry: ref, model })),
  fc
    .tuple(entry, fc.constantFrom(...MODELS))
    .map(([ref, model]): ConfigEdit => ({ kind: 'remove-model', entry: ref, model })),
  fc
    .tuple(entry, fc.constantFrom('new', 'on', null))
    .map(([ref, prefix]): ConfigEdit => ({ kind: 'set-prefix', entry: ref, prefix })),
  fc
    .tuple(entry, fc.constantFrom(7, -1, null))
    .map(([ref, priority]): ConfigEdit => ({ kind: 'set-priority', entry: ref, priority })),
  fc.boolean().map(
    (disabled): ConfigEdit => ({
      kind: 'set-disabled',
      entry: { section: 'openai-compatibility', index: 0 },
      disabled,
    }),
  ),
  fc
    .tuple(target, fc.constantFrom('new-*', '*', 'plain'))
    .map(([where, pattern]): ConfigEdit => ({ kind: 'add-exclusion', target: where, pattern })),
  fc
    .tuple(target, fc.constantFrom('gpt-*', '*', 'plain'))
    .map(([where, pattern]): ConfigEdit => ({ kind: 'remove-exclusion', target: where, pattern })),
  fc.tuple(fc.constantFrom('codex', 'kimi'), fc.constantFrom('spark', 'other'), fc.boolean()).map(
    ([channel, alias, fork]): ConfigEdit => ({
      kind: 'add-oauth-alias',
      channel,
      alias: { name: 'gpt-5.3-codex', alias, fork },
    }),
  ),
  fc.constantFrom('codex', 'claude').map(
    (channel): ConfigEdit => ({
      kind: 'remove-oauth-alias',
      channel,
      name: 'gpt-5.3-codex',
      alias: 'spark',
    }),
  ),
  fc
    .constantFrom(true, false, null)
    .map((value): ConfigEdit => ({ kind: 'set-setting', key: 'force-model-prefix', value })),
  fc
    .constantFrom(3, 0, null)
    .map((value): ConfigEdit => ({ kind: 'set-setting', key: 'request-retry', value })),
  fc
    .constantFrom('fill-first', null)
    .map((value): ConfigEdit => ({ kind: 'set-setting', key: 'routing.strategy', value })),
)

describe('An edit of a random config file', () => {
  it('changes the bytes it has to, says what was meant, and does nothing the second time', () => {
    let edited = 0
    fc.assert(
      fc.property(dice, edits, (numbers, edit) => {
        const { text, linked } = randomFile(numbers)
        const meant = intention(dataOf(text), edit)
        const result = applyEdits(text, [edit])
        if (result.kind === 'refused') {
          expect(meant === null || linked, `refused without need: ${result.reason}`).toBe(true)
          return
        }
        expect(meant, 'made although there is no place for it').not.toBeNull()
        expect(dataOf(result.text)).toEqual(meant)
        expectOnlyNeededLines(text, result.text, edit)
        expect(applyEdits(result.text, [edit])).toEqual(result)
        edited++
      }),
      { numRuns: 1000 },
    )
    expect(edited).toBeGreaterThan(500)
  }, 120_000)
})

function dataOf(text: string): Data {
  const [first] = parseAllDocuments(text)
  return normal((first && 'toJS' in first ? first.toJS() : null) ?? {})
}

/** Null and an empty list, no value and null, and a priority of 0 and none, mean the same to the gateway. */
function normal(value: Data): Data {
  if (Array.isArray(value)) return value.map(normal)
  if (value === null || typeof value !== 'object') return value
  const pairs = Object.entries(value).map(([key, inner]) => [key, normal(inner)] as const)
  const isDefault = (key: string, inner: Data) => key === 'priority' && inner === 0
  return Object.fromEntries(pairs.filter(([key, inner]) => !isNothing(inner) && !isDefault(key, inner)))
}

function isNothing(value: Data): boolean {
  if (value === null || value === '') return true
  return (
    typeof value === 'object' && (Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0)
  )
}

/** What the edit means for the data, told in the simplest way; null when the file has no place for it. */
function intention(data: Data, edit: ConfigEdit): Data | null {
  const meant = change(structuredClone(data), edit)
  return meant === null ? null : normal(meant)
}

function change(data: Data, edit: ConfigEdit): Data | null {
  switch (edit.kind) {
    case 'add-compat-entry': {
      const { name, baseUrl, prefix, keys, models } = edit.entry
      const keyEntries = keys.map(({ apiKey, weight }) => ({ 'api-key': apiKey, weight: weight ?? null }))
      push(data, 'openai-compatibility', {
        name,
        prefix,
        'base-url': baseUrl,
        'api-key-entries': keyEntries,
        models,
      })
      return data
    }
    case 'remove-compat-entry':
      return drop(data, 'openai-compatibility', (item) => String(item.name) === edit.name)
    case 'add-model':
      return inEntry(data, edit.entry, (found) => pushNew(found, 'models', edit.model, isModel(edit.model)))
    case 'remove-model':
      return inEntry(data, edit.entry, (found) => drop(found, 'models', isModel(edit.model)))
    case 'set-prefix':
      return inEntry(data, edit.entry, (found) => Object.assign(found, { prefix: edit.prefix }))
    case 'set-priority':
      return inEntry(data, edit.entry, (found) => setPriority(found, edit.priority))
    case 'set-disabled':
      return inEntry(data, edit.entry, (found) =>
        edit.disabled || 'disabled' in found ? Object.assign(found, { disabled: edit.disabled }) : found,
      )
    case 'add-exclusion':
      return inTarget(data, edit.target, 'oauth-excluded-models', (map, key) =>
        pushNew(map, key, edit.pattern, (item) => item === edit.pattern),
      )
    case 'remove-exclusion':
      return inTarget(data, edit.target, 'oauth-excluded-models', (map, key) =>
        drop(map, key, (item) => item === edit.pattern),
      )
    case 'add-oauth-alias': {
      data['oauth-model-alias'] ??= {}
      data['oauth-model-alias'][edit.channel] ??= []
      const list = data['oauth-model-alias'][edit.channel]
      const same = list.find((item: Data) => item.alias === edit.alias.alias)
      if (same === undefined) list.push({ ...edit.alias })
      else same.fork = edit.alias.fork
      return data
    }
    case 'remove-oauth-alias':
      if (data['oauth-model-alias'] !== undefined)
        drop(data['oauth-model-alias'], edit.channel, (item) => item.alias === edit.alias)
      return data
    case 'set-setting': {
      const [outer = '', inner] = edit.key.split('.')
      if (inner === undefined) data[outer] = edit.value
      else data[outer] = { ...data[outer], [inner]: edit.value }
      return data
    }
  }
}

function setPriority(found: Data, priority: number | null): Data {
  if (priority !== null || found.priority !== 0) found.priority = priority
  return found
}

function isModel(model: { name: string; alias?: string }): (item: Data) => boolean {
  return (item) => item?.name === model.name && (item?.alias ?? '') === (model.alias ?? '')
}

function push(map: Data, key: string, item: Data): Data {
  map[key] = [...(map[key] ?? []), item]
  return map
}

function pushNew(map: Data, key: string, item: Data, isSame: (item: Data) => boolean): Data {
  return (map[key] ?? []).some(isSame) ? map : push(map, key, item)
}

function drop(map: Data, key: string, isGone: (item: Data) => boolean): Data {
  if (Array.isArray(map[key])) map[key] = map[key].filter((item: Data) => !isGone(item))
  return map
}

function inEntry(data: Data, ref: EntryRef, then: (entry: Data) => unknown): Data | null {
  const list = data[ref.section]
  if (!Array.isArray(list)) return null
  const found = 'index' in ref ? list[ref.index] : list.find((item) => String(item?.name) === ref.name)
  if (found === undefined) return null
  then(found)
  return data
}

function inTarget(
  data: Data,
  where: Extract<ConfigEdit, { kind: 'add-exclusion' }>['target'],
  section: string,
  then: (map: Data, key: string) => unknown,
): Data | null {
  if (where.kind === 'entry') return inEntry(data, where.entry, (found) => then(found, 'excluded-models'))
  data[section] ??= {}
  then(data[section], where.channel)
  return data
}

function isRemoval(edit: ConfigEdit): boolean {
  if (edit.kind === 'set-setting') return edit.value === null
  if (edit.kind === 'set-prefix') return edit.prefix === null
  return edit.kind === 'set-priority' ? edit.priority === null : edit.kind.startsWith('remove')
}

/** At most one line that stood in the file is another now; the rest is whole lines that came or went in one block. */
function expectOnlyNeededLines(before: string, after: string, edit: ConfigEdit): void {
  const [old, now] = [before.split('\n'), after.split('\n')]
  let head = 0
  while (head < Math.min(old.length, now.length) && old[head] === now[head]) head++
  let tail = 0
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++
  const [gone, come] = [old.slice(head, old.length - tail), now.slice(head, now.length - tail)]
  if (isRemoval(edit)) {
    // A file that loses its last line without a line break ends in one then.
    const changed = come.filter((line) => line !== '' && !gone.includes(line))
    expect(changed.length, 'a removal writes at most one line anew').toBeLessThanOrEqual(1)
  } else {
    expect(gone.length, `only one line may change: ${JSON.stringify(gone)}`).toBeLessThanOrEqual(1)
    const [line] = gone
    if (line !== undefined) expect(come[0]).toContain(line.replace(/:.*$/s, ''))
  }
  expect(after.startsWith('\ufeff')).toBe(before.startsWith('\ufeff'))
  if (before.includes('\r\n'))
    expect(after.replaceAll('\r\n', ''), 'a bare line feed in a CRLF file').not.toContain('\n')
}
