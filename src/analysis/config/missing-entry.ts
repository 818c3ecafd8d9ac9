import { printable } from '../../core/text.ts'
import type { ModelItem, ProviderEntry } from './model.ts'
import { catalogueIds, type Offers } from './offers.ts'
import type { Cause, Wanted } from './why-missing.ts'
import { patternMatcher } from './wildcard.ts'

/** What in one entry of a provider section keeps an id away. */
export function causesInEntry(offers: Offers, entry: ProviderEntry, wanted: readonly Wanted[]): Cause[] {
  const causes = wanted.flatMap(({ prefix, base }) => {
    const item = entry.models.find(({ id, kept }) => kept && id === base)
    const listed = item !== undefined || isInCatalogue(offers, entry, base)
    const reachable = prefix === '' || prefix === entry.prefix
    if (listed && reachable) return hiddenCauses(offers, entry, base, prefix, item)
    return reachable ? otherCauses(offers, entry, base) : []
  })
  return [...causes, ...badPrefixCauses(offers, entry, wanted[0]?.base ?? '')]
}

/** True when an entry without models of its own offers the gateway's built-in list, and the id is in it. */
function isInCatalogue({ catalogue }: Offers, entry: ProviderEntry, base: string): boolean {
  if (entry.section === 'openai-compatibility' || entry.models.some(({ kept }) => kept)) return false
  return builtIn(catalogue, entry).includes(base)
}

function builtIn(catalogue: Offers['catalogue'], { providerKey }: ProviderEntry): readonly string[] {
  return catalogueIds(catalogue, providerKey === 'gemini-interactions' ? 'gemini' : providerKey) ?? []
}

/** The entry has the id; why it does not come out. */
function hiddenCauses(
  offers: Offers,
  entry: ProviderEntry,
  base: string,
  prefix: string,
  item: ModelItem | undefined,
): Cause[] {
  const label = printable(entry.label)
  const at = item?.at ?? entry.at.entry
  switch (entry.fate.kind) {
    case 'disabled':
      return [
        {
          code: 'entry-disabled',
          message: `${label} has it, but is disabled`,
          fix: 'set `disabled: false`',
          at: entry.at.values.get('disabled') ?? at,
        },
      ]
    case 'dropped':
      return [
        {
          code: 'entry-dropped',
          message: `${label} has it, but the gateway drops the entry: ${DROPPED[entry.fate.reason]}`,
          fix: DROP_FIXES[entry.fate.reason],
          at: entry.at.entry,
        },
      ]
    case 'live':
      return [
        ...excludedCauses(entry, base, label),
        ...forcedCauses(offers, entry, base, prefix, label),
        ...overruledCauses(offers, entry, label, at),
      ]
  }
}

export const DROPPED = {
  'no-base-url': 'it has no `base-url`',
  'no-key': 'it has no `api-key`',
  'no-key-or-base-url': 'it has neither `api-key` nor `base-url`',
  duplicate: 'an earlier entry is the same',
} as const

export const DROP_FIXES = {
  'no-base-url': 'add `base-url`',
  'no-key': 'add `api-key`',
  'no-key-or-base-url': 'add `api-key`, or a `base-url` that wants none',
  duplicate: 'put what differs into the first of the two',
} as const

function excludedCauses(entry: ProviderEntry, base: string, label: string): Cause[] {
  if (entry.section === 'openai-compatibility') return []
  return entry.excludedModels
    .filter(({ text }) => patternMatcher(text)(base))
    .map(({ text, at }) => ({
      code: 'excluded',
      message: `${label} has it, but excludes \`${printable(text)}\``,
      fix: 'take the pattern out of `excluded-models`, or make it narrower',
      at,
    }))
}

function forcedCauses(
  { config }: Offers,
  entry: ProviderEntry,
  base: string,
  prefix: string,
  label: string,
): Cause[] {
  if (prefix !== '' || entry.prefix === '' || entry.prefix === base || !config.settings.forceModelPrefix)
    return []
  const prefixed = printable(`${entry.prefix}/${base}`)
  return [
    {
      code: 'forced-prefix',
      message: `${label} has it as \`${prefixed}\` only: \`force-model-prefix\` hides the bare id`,
      fix: `ask for \`${prefixed}\``,
      at: config.settings.at.get('force-model-prefix') ?? null,
    },
  ]
}

function overruledCauses({ list }: Offers, entry: ProviderEntry, label: string, at: Cause['at']): Cause[] {
  const own = list.find(({ credential }) => credential.kind === 'config' && credential.entry === entry)
  if (own === undefined || own.listing === entry) return []
  const other = own.listing === null ? 'no entry' : printable(own.listing.label)
  return [
    {
      code: 'overruled-entry',
      message: `${label} has it, but the fork finds models by name or key, and takes those of ${other}, line ${own.listing?.at.entry.line ?? '–'}`,
      fix: 'give the two entries different names, or keys',
      at,
    },
  ]
}

/** The entry does not have the id; what it does with it instead. */
function otherCauses({ catalogue }: Offers, entry: ProviderEntry, base: string): Cause[] {
  const label = printable(entry.label)
  const renamed = entry.models.find(({ name, id, kept }) => kept && name === base && id !== base)
  if (renamed !== undefined)
    return [
      {
        code: 'aliased',
        message: `it is the upstream name behind the alias \`${printable(renamed.id)}\` of ${label}; clients cannot ask for the name`,
        fix: `ask for \`${printable(renamed.id)}\`, or add an item without alias`,
        at: renamed.at,
      },
    ]
  if (entry.fate.kind !== 'live' || !builtIn(catalogue, entry).includes(base)) return []
  return [
    {
      code: 'not-in-models',
      message: `${label} would have it built in, but its \`models\` list replaces the built-in one`,
      fix: 'add it to that `models` list',
      at: entry.at.values.get('models') ?? entry.at.entry,
    },
  ]
}

function badPrefixCauses({ config }: Offers, entry: ProviderEntry, id: string): Cause[] {
  const written = entry.prefixText.trim().replace(/^\/+|\/+$/g, '')
  if (!written.includes('/') || !id.startsWith(`${written}/`)) return []
  const base = id.slice(written.length + 1)
  const bare =
    config.settings.forceModelPrefix || entry.models.some((item) => item.id === base)
      ? `; it answers as \`${printable(base)}\``
      : ''
  return [
    {
      code: 'bad-prefix',
      message: `the prefix \`${printable(written)}\` of ${printable(entry.label)} has a slash inside, so the gateway drops it${bare}`,
      fix: 'choose a prefix without a slash',
      at: entry.at.values.get('prefix') ?? entry.at.entry,
    },
  ]
}
