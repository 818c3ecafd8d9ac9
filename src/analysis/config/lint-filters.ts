import { printable } from '../../core/text.ts'
import type { Draft, LintContext, Rule } from './lint-types.ts'
import type { DroppedAlias, OAuthAlias, Pattern, ProviderEntry } from './model.ts'
import { catalogueIds } from './offers.ts'
import { patternMatcher } from './wildcard.ts'
import type { Position } from './yaml-source.ts'

/** The ids an entry's exclusions are tried on: those of its models, or the built-in list; null when that is not known. */
function idsOf({ models, providerKey }: ProviderEntry, { offers }: LintContext): readonly string[] | null {
  const kept = models.filter((item) => item.kept && item.id !== '')
  if (kept.length > 0) return kept.map(({ id }) => id)
  return catalogueIds(offers.catalogue, providerKey === 'gemini-interactions' ? 'gemini' : providerKey)
}

function deadInEntry(entry: ProviderEntry, context: LintContext): Draft[] {
  if (entry.section === 'openai-compatibility') return []
  const ids = idsOf(entry, context)
  if (ids === null) return []
  return entry.excludedModels.flatMap((pattern): Draft[] => {
    const matches = patternMatcher(pattern.text)
    if (pattern.text === '*' || ids.some(matches)) return []
    const renamed = entry.models.find(({ name, id }) => name !== id && matches(name))
    const saw = `the exclusion \`${printable(pattern.text)}\` in ${printable(entry.label)}`
    if (renamed === undefined)
      return [
        {
          severity: 'warn',
          at: pattern.at,
          saw,
          effect: 'it fits none of the ids of the entry, so it does nothing',
          fix: 'remove it, or correct it',
        },
      ]
    return [
      {
        severity: 'warn',
        at: pattern.at,
        saw,
        effect: `exclusions are tried on the alias: \`${printable(renamed.id)}\` stays on offer`,
        fix: `exclude \`${printable(renamed.id)}\`, or remove its item from \`models\``,
      },
    ]
  })
}

function deadInChannels({ config, offers }: LintContext): Draft[] {
  return [...config.oauthExcludedModels].flatMap(([channel, patterns]) => {
    const ids = catalogueIds(offers.catalogue, channel)
    if (ids === null) return []
    const aliases = config.oauthModelAliases.get(channel) ?? []
    return patterns.flatMap((pattern): Draft[] => {
      const matches = patternMatcher(pattern.text)
      if (ids.some(matches)) return []
      const alias = aliases.find((entry) => matches(entry.alias))
      const effect =
        alias === undefined
          ? 'it fits none of the ids of the channel, so it does nothing'
          : `exclusions are tried before aliases: \`${printable(alias.alias)}\` stays on offer`
      const fix = alias === undefined ? 'remove it, or correct it' : `exclude \`${printable(alias.name)}\``
      return [
        {
          severity: 'warn',
          at: pattern.at,
          saw: `the exclusion \`${printable(pattern.text)}\` for ${printable(channel)}`,
          effect,
          fix,
        },
      ]
    })
  })
}

/** Patterns that another pattern of the same list makes needless. */
function subsumed(patterns: readonly Pattern[], where: string): Draft[] {
  const wide = patterns
    .filter(({ text }) => text.includes('*'))
    .map((pattern) => ({ pattern, matches: patternMatcher(pattern.text) }))
  return patterns.flatMap((pattern): Draft[] => {
    const by = wide.find((other) => other.pattern !== pattern && other.matches(pattern.text))
    if (by === undefined) return []
    return [
      {
        severity: 'info',
        at: pattern.at,
        saw: `the exclusion \`${printable(pattern.text)}\` ${where}`,
        effect: `\`${printable(by.pattern.text)}\` on line ${by.pattern.at.line} covers it`,
        fix: 'remove it',
      },
    ]
  })
}

function repeatedKeys({ config }: LintContext): Draft[] {
  const first = new Map<string, Position>()
  return config.credentials.flatMap((credential): Draft[] => {
    if (credential.apiKey === '') return []
    const { entry, apiKey, at } = credential
    const identity = [entry.section, apiKey, entry.baseUrl, entry.prefix].join('\0')
    const same = first.get(identity)
    if (same === undefined) {
      first.set(identity, at)
      return []
    }
    return [
      {
        severity: 'info',
        at,
        saw: `the same key, base-url and prefix as on line ${same.line}`,
        effect: 'the gateway rotates over both as if they were two accounts; their quota is one',
        fix: 'remove one of them',
      },
    ]
  })
}

function repeatedItems(entry: ProviderEntry): Draft[] {
  const seen = new Set<string>()
  const where = printable(entry.label)
  return entry.models.flatMap(({ name, alias, at }): Draft[] => {
    if (alias !== '' && alias === name)
      return [
        {
          severity: 'info',
          at,
          saw: `an alias equal to its name, \`${printable(name)}\`, in ${where}`,
          effect: 'nothing: without alias the name is offered',
          fix: 'leave the alias out',
        },
      ]
    const identity = `${name}\0${alias}`.toLowerCase()
    if (seen.has(identity))
      return [
        {
          severity: 'info',
          at,
          saw: `\`${printable(alias || name)}\` a second time in ${where}`,
          effect: 'nothing',
          fix: 'remove it',
        },
      ]
    seen.add(identity)
    return []
  })
}

function aliasDraft(
  severity: Draft['severity'],
  channel: string,
  alias: OAuthAlias,
  saw: string,
  effect: string,
  fix: string,
): Draft[] {
  if (alias.at === null) return []
  return [{ severity, at: alias.at, saw: `${saw} for ${printable(channel)}`, effect, fix }]
}

const DROPPED_ALIASES: Readonly<
  Record<DroppedAlias['reason'], readonly [saw: string, effect: string, fix: string]>
> = {
  incomplete: ['an alias without name or alias', 'the gateway drops it', 'give it both'],
  same: ['an alias equal to its name', 'the gateway drops it', 'remove it, or choose another alias'],
  taken: [
    'an alias that an earlier item has',
    'the earlier item wins, this one is dropped',
    'choose another alias, or remove the earlier item',
  ],
}

function keptAliasDrafts({ config, offers }: LintContext): Draft[] {
  return [...config.oauthModelAliases].flatMap(([channel, aliases]) => {
    const forked = new Set(aliases.filter(({ fork }) => fork).map(({ name }) => name.toLowerCase()))
    const ids = catalogueIds(offers.catalogue, channel)
    const excluded = (config.oauthExcludedModels.get(channel) ?? []).map(({ text }) => patternMatcher(text))
    return aliases.flatMap((alias): Draft[] => {
      const [name, saw] = [
        printable(alias.name),
        `the alias \`${printable(alias.alias)}\` of \`${printable(alias.name)}\``,
      ]
      if (`${alias.name}${alias.alias}`.includes('*'))
        return aliasDraft('warn', channel, alias, saw, 'a star is taken literally here', 'list each model')
      if (excluded.some((matches) => matches(alias.name)))
        return aliasDraft(
          'warn',
          channel,
          alias,
          saw,
          `\`${name}\` is excluded before aliases are made: the alias does not exist`,
          'take the exclusion out',
        )
      if (ids !== null && !ids.some((id) => id.toLowerCase() === alias.name.toLowerCase()))
        return aliasDraft(
          'warn',
          channel,
          alias,
          saw,
          `the channel has no \`${name}\`: the alias does not exist`,
          'point it at an id of the channel',
        )
      if (forked.has(alias.name.toLowerCase())) return []
      return aliasDraft(
        'info',
        channel,
        alias,
        `${saw} without \`fork: true\``,
        `it renames the model: \`${name}\` is gone for everybody`,
        'set `fork: true` to keep both',
      )
    })
  })
}

export const FILTER_RULES = {
  'dead-exclude': {
    title: 'every exclusion excludes something',
    source: 'contract, files 1.7',
    look: (context) => [
      ...context.config.entries.flatMap((entry) => deadInEntry(entry, context)),
      ...deadInChannels(context),
    ],
  },
  'redundant-entry': {
    title: 'nothing is said twice',
    source: 'contract, files 1.12',
    look: (context) => [
      ...repeatedKeys(context),
      ...context.config.entries.flatMap((entry) => [
        ...repeatedItems(entry),
        ...subsumed(entry.excludedModels, `in ${printable(entry.label)}`),
      ]),
      ...[...context.config.oauthExcludedModels].flatMap(([channel, patterns]) =>
        subsumed(patterns, `for ${printable(channel)}`),
      ),
    ],
  },
  'oauth-alias-dropped': {
    title: 'every OAuth alias is used',
    source: 'contract, files 1.5',
    look: ({ config }) =>
      config.droppedAliases.flatMap(({ channel, alias, reason }) =>
        aliasDraft('warn', channel, alias, ...DROPPED_ALIASES[reason]),
      ),
  },
  'oauth-alias-effect': {
    title: 'OAuth aliases do what they seem to',
    source: 'contract, files 1.5',
    look: keptAliasDrafts,
  },
} as const satisfies Record<string, Rule>
