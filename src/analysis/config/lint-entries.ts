import { printable } from '../../core/text.ts'
import type { Draft, LintContext, Rule } from './lint-types.ts'
import { DROP_FIXES, DROPPED } from './missing-entry.ts'
import type { ModelItem, ProviderEntry } from './model.ts'
import type { Position } from './yaml-source.ts'

function at(entry: ProviderEntry, key: string): Position {
  return entry.at.values.get(key) ?? entry.at.entry
}

function isCompat({ section }: ProviderEntry): boolean {
  return section === 'openai-compatibility'
}

function each(context: LintContext, look: (entry: ProviderEntry) => readonly Draft[]): Draft[] {
  return context.config.entries.flatMap(look)
}

function eachLive(context: LintContext, look: (entry: ProviderEntry) => readonly Draft[]): Draft[] {
  return each(context, (entry) => (entry.fate.kind === 'live' ? look(entry) : []))
}

function prefixDraft(entry: ProviderEntry): Draft[] {
  const { prefix, prefixText } = entry
  if (prefix === prefixText) return []
  const saw = `the prefix \`${printable(prefixText)}\` of ${printable(entry.label)}`
  const place = at(entry, 'prefix')
  if (prefix === '' && prefixText.trim() !== '' && !/^[\s/]+$/.test(prefixText))
    return [
      {
        severity: 'error',
        at: place,
        saw,
        effect: 'a slash inside makes the gateway drop it: the entry answers everybody without a prefix',
        fix: 'choose a prefix without a slash',
      },
    ]
  const effect =
    prefix === '' ? 'the gateway takes it for no prefix' : `the gateway uses \`${printable(prefix)}\``
  return [
    {
      severity: 'info',
      at: place,
      saw,
      effect,
      fix: prefix === '' ? 'remove it' : `write \`prefix: ${printable(prefix)}\``,
    },
  ]
}

function weightDrafts(entry: ProviderEntry, { config, flavour }: LintContext): Draft[] {
  if (flavour !== 'upstream') return []
  const weighted = config.settings.strategy === 'weighted-round-robin'
  return entry.keys.flatMap(({ weight, weightAt }) => {
    if (weight === null || weightAt === null) return []
    const saw = `weight ${weight} in ${printable(entry.label)}`
    if (!weighted)
      return [
        {
          severity: 'warn',
          at: weightAt,
          saw,
          effect: `weights count only under weighted-round-robin; the strategy is ${config.settings.strategy}`,
          fix: 'set `routing.strategy: weighted-round-robin`, or remove the weight',
        },
      ]
    if (weight > 0) return []
    return [
      {
        severity: 'warn',
        at: weightAt,
        saw,
        effect: 'the credential takes no part at all',
        fix: 'give it a weight of 1 or more, or remove the key',
      },
    ]
  })
}

function itemDrafts(entry: ProviderEntry, item: ModelItem): Draft[] {
  const where = `an item of \`models\` in ${printable(entry.label)}`
  if (item.id === '')
    return [
      {
        severity: 'warn',
        at: item.at,
        saw: `${where} without name and alias`,
        effect: 'the gateway skips it',
        fix: 'give it a `name`, or remove it',
      },
    ]
  if (!item.kept)
    return [
      {
        severity: 'warn',
        at: item.at,
        saw: `${where} lacks name or alias`,
        effect: 'in vertex-api-key the gateway drops it',
        fix: 'give it both',
      },
    ]
  if (`${item.id}${item.name}`.includes('*'))
    return [
      {
        severity: 'warn',
        at: item.at,
        saw: `${where} with a \`*\``,
        effect: 'the star is taken literally: only that very id is offered',
        fix: 'list each model',
      },
    ]
  return []
}

/** Flags an entry whose aliases go upstream untranslated for want of a key (see servings). */
function keylessDrafts(context: LintContext): Draft[] {
  return context.offers.list.flatMap(({ credential, naming, listing }) => {
    if (credential.kind !== 'config' || naming !== null || listing === null) return []
    const renamed = listing.models.find(({ alias, name }) => alias !== '' && name !== '' && alias !== name)
    if (renamed === undefined) return []
    const unnamed = context.flavour === 'upstream'
    return [
      {
        severity: 'warn',
        at: renamed.at,
        saw: `the alias \`${printable(renamed.alias)}\` in ${printable(credential.entry.label)}, which has no key${unnamed ? ' and no name' : ''}`,
        effect: `the gateway sends \`${printable(renamed.alias)}\` to the upstream instead of \`${printable(renamed.name)}\``,
        fix: unnamed
          ? 'give the entry a `name`'
          : 'add an `api-key-entries` item with any key, or drop the alias',
      },
    ]
  })
}

export const ENTRY_RULES = {
  'missing-base-url': {
    title: 'entries that need a base-url have one',
    source: 'contract, files 1.3',
    look: (context) =>
      each(context, (entry) =>
        entry.fate.kind === 'dropped' && entry.fate.reason === 'no-base-url'
          ? [
              {
                severity: 'error',
                at: entry.at.entry,
                saw: `${printable(entry.label)} without \`base-url\``,
                effect:
                  'the gateway drops the entry, and the next save of the panel removes it from the file',
                fix: 'add `base-url`',
              },
            ]
          : [],
      ),
  },
  'entry-dropped': {
    title: 'no entry is dropped',
    source: 'contract, files 2.2',
    look: (context) =>
      each(context, (entry) => {
        if (entry.fate.kind !== 'dropped' || entry.fate.reason === 'no-base-url') return []
        const { reason, sameAs } = entry.fate
        const saw =
          sameAs === null
            ? `${printable(entry.label)}: ${DROPPED[reason]}`
            : `${printable(entry.label)} is the same as the entry on line ${sameAs.line}`
        return [
          {
            severity: reason === 'duplicate' ? 'warn' : 'error',
            at: entry.at.entry,
            saw,
            effect: 'the gateway drops the entry',
            fix: DROP_FIXES[reason],
          },
        ]
      }),
  },
  'compat-no-models': {
    title: 'openai-compatibility entries list models',
    source: 'contract, files 1.3',
    look: (context) =>
      eachLive(context, (entry) =>
        isCompat(entry) && !entry.models.some(({ id }) => id !== '')
          ? [
              {
                severity: 'warn',
                at: at(entry, 'models'),
                saw: `${printable(entry.label)} without models`,
                effect: 'the entry is alive and offers nothing: this section has no built-in list',
                fix: 'list the upstream names under `models`',
              },
            ]
          : [],
      ),
  },
  'compat-no-keys': {
    title: 'openai-compatibility entries have a key',
    source: 'contract, files 1.3',
    look: (context) =>
      eachLive(context, (entry) =>
        isCompat(entry) && !entry.keys.some(({ apiKey }) => apiKey !== '')
          ? [
              {
                severity: 'warn',
                at: at(entry, 'api-key-entries'),
                saw: `${printable(entry.label)} without a key in \`api-key-entries\``,
                effect: 'the gateway calls the upstream without a key; right for a local server, else a 401',
                fix: 'add an `api-key-entries` item, unless the upstream wants no key',
              },
            ]
          : [],
      ),
  },
  'keyless-alias': {
    title: 'aliases are translated',
    source: 'contract, files 1.8',
    look: keylessDrafts,
  },
  'compat-dup-name': {
    title: 'openai-compatibility names are unique',
    source: 'contract, files 1.9',
    look: (context) => {
      const first = new Map<string, ProviderEntry>()
      return each(context, (entry) => {
        if (!isCompat(entry) || entry.fate.kind === 'dropped') return []
        const same = first.get(entry.name.toLowerCase())
        if (same === undefined) {
          first.set(entry.name.toLowerCase(), entry)
          return []
        }
        const effect =
          context.flavour === 'upstream'
            ? 'both count as one provider in routing, statistics and logs, and removing one by name removes both'
            : 'the gateway finds models by name: the keys of this entry are used with the models of the first'
        return [
          {
            severity: 'error',
            at: at(entry, 'name'),
            saw: `a second openai-compatibility entry with ${entry.name === '' ? 'no name' : `the name \`${printable(entry.name)}\``}, first on line ${same.at.entry.line}`,
            effect,
            fix: 'give it a name of its own, or merge the two',
          },
        ]
      })
    },
  },
  'bad-prefix': {
    title: 'prefixes are taken as written',
    source: 'contract, files 1.3',
    look: (context) => each(context, prefixDraft),
  },
  'weight-range': {
    title: 'weights are whole numbers that count',
    source: 'contract, files 1.3',
    look: (context) => eachLive(context, (entry) => weightDrafts(entry, context)),
  },
  'model-item': {
    title: 'every item of a models list offers something',
    source: 'contract, files 1.4',
    look: (context) => each(context, (entry) => entry.models.flatMap((item) => itemDrafts(entry, item))),
  },
  'all-excluded': {
    title: 'no key is switched off',
    source: 'contract, files 1.3',
    look: (context) =>
      eachLive(context, (entry) =>
        entry.excludedModels
          .filter(({ text }) => text === '*')
          .map((pattern) => ({
            severity: 'info',
            at: pattern.at,
            saw: `\`*\` in \`excluded-models\` of ${printable(entry.label)}`,
            effect: 'the entry offers nothing; the panel writes this to switch a key off',
            fix: 'nothing, if that is meant; else remove the pattern',
          })),
      ),
  },
  'base-url-path': {
    title: 'base-urls name the version path',
    source: 'contract, files 1.3',
    look: (context) =>
      eachLive(context, (entry) =>
        isCompat(entry) && /^[a-z][a-z\d+.-]*:\/\/[^/]+\/?$/i.test(entry.baseUrl)
          ? [
              {
                severity: 'info',
                at: at(entry, 'base-url'),
                saw: `the base-url of ${printable(entry.label)} has no path`,
                effect: 'the gateway appends `/chat/completions` to it as it is',
                fix: 'add the version path, most often `/v1`, unless this upstream has none',
              },
            ]
          : [],
      ),
  },
} as const satisfies Record<string, Rule>
