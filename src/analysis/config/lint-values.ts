import { printable } from '../../core/text.ts'
import { type Draft, eachEntry, eachLiveEntry, type LintContext, placeIn, type Rule } from './lint-types.ts'
import type { ModelItem, ProviderEntry } from './model.ts'

function prefixDraft(entry: ProviderEntry): Draft[] {
  const { prefix, prefixText } = entry
  if (prefix === prefixText) return []
  const saw = `the prefix \`${printable(prefixText)}\` of ${printable(entry.label)}`
  const place = placeIn(entry, 'prefix')
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

export const VALUE_RULES = {
  'keyless-alias': {
    title: 'aliases are translated',
    source: 'contract, files 1.8',
    look: keylessDrafts,
  },
  'bad-prefix': {
    title: 'prefixes are taken as written',
    source: 'contract, files 1.3',
    look: (context) => eachEntry(context, prefixDraft),
  },
  'weight-range': {
    title: 'weights are whole numbers that count',
    source: 'contract, files 1.3',
    look: (context) => eachLiveEntry(context, (entry) => weightDrafts(entry, context)),
  },
  'model-item': {
    title: 'every item of a models list offers something',
    source: 'contract, files 1.4',
    look: (context) => eachEntry(context, (entry) => entry.models.flatMap((item) => itemDrafts(entry, item))),
  },
} as const satisfies Record<string, Rule>
