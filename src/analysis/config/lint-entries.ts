import { printable } from '../../core/text.ts'
import { eachEntry, eachLiveEntry, placeIn, type Rule } from './lint-types.ts'
import { DROP_FIXES, DROPPED } from './missing-entry.ts'
import type { ProviderEntry } from './model.ts'

function isCompat({ section }: ProviderEntry): boolean {
  return section === 'openai-compatibility'
}

export const ENTRY_RULES = {
  'missing-base-url': {
    title: 'entries that need a base-url have one',
    source: 'contract, files 1.3',
    look: (context) =>
      eachEntry(context, (entry) =>
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
      eachEntry(context, (entry) => {
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
      eachLiveEntry(context, (entry) =>
        isCompat(entry) && !entry.models.some(({ id }) => id !== '')
          ? [
              {
                severity: 'warn',
                at: placeIn(entry, 'models'),
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
      eachLiveEntry(context, (entry) =>
        isCompat(entry) && !entry.keys.some(({ apiKey }) => apiKey !== '')
          ? [
              {
                severity: 'warn',
                at: placeIn(entry, 'api-key-entries'),
                saw: `${printable(entry.label)} without a key in \`api-key-entries\``,
                effect: 'the gateway calls the upstream without a key; right for a local server, else a 401',
                fix: 'add an `api-key-entries` item, unless the upstream wants no key',
              },
            ]
          : [],
      ),
  },
  'compat-dup-name': {
    title: 'openai-compatibility names are unique',
    source: 'contract, files 1.9',
    look: (context) => {
      const first = new Map<string, ProviderEntry>()
      return eachEntry(context, (entry) => {
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
            at: placeIn(entry, 'name'),
            saw: `a second openai-compatibility entry with ${entry.name === '' ? 'no name' : `the name \`${printable(entry.name)}\``}, first on line ${same.at.entry.line}`,
            effect,
            fix: 'give it a name of its own, or merge the two',
          },
        ]
      })
    },
  },
  'all-excluded': {
    title: 'no key is switched off',
    source: 'contract, files 1.3',
    look: (context) =>
      eachLiveEntry(context, (entry) =>
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
      eachLiveEntry(context, (entry) =>
        isCompat(entry) && /^[a-z][a-z\d+.-]*:\/\/[^/]+\/?$/i.test(entry.baseUrl)
          ? [
              {
                severity: 'info',
                at: placeIn(entry, 'base-url'),
                saw: `the base-url of ${printable(entry.label)} has no path`,
                effect: 'the gateway appends `/chat/completions` to it as it is',
                fix: 'add the version path, most often `/v1`, unless this upstream has none',
              },
            ]
          : [],
      ),
  },
} as const satisfies Record<string, Rule>
