import { printable } from '../../core/text.ts'
import { type Draft, eachLiveEntry, FILE_START, type LintContext, listed, type Rule } from './lint-types.ts'
import type { IdOffer } from './offers.ts'
import { upstreamNames } from './upstream-names.ts'
import type { Position } from './yaml-source.ts'

/** An entry of the config or all token files of a channel, as one answerer of an id. */
interface Answerer {
  readonly key: string
  readonly label: string
  readonly provider: string
  readonly priority: number
  /** Credentials behind it: its part of the requests under round-robin. */
  readonly credentials: number
  readonly names: string
  readonly at: Position | null
}

function answerersOf(offers: readonly IdOffer[], id: string, { config }: LintContext): Answerer[] {
  const answerers = new Map<string, Answerer>()
  for (const { offer, offered } of offers) {
    const { credential } = offer
    const own =
      credential.kind === 'config'
        ? `${credential.entry.section}[${credential.entry.fileIndex}]`
        : credential.providerKey
    const key = `${own} ${credential.priority}`
    const known = answerers.get(key)
    const names = known?.names ?? upstreamNames(offer, id, config).join(', ')
    const at =
      offered.items[0]?.at ??
      offered.alias?.at ??
      (credential.kind === 'config' ? credential.entry.at.entry : null)
    const label =
      credential.kind === 'config' ? credential.entry.label : `token files of ${credential.providerKey}`
    const credentials = (known?.credentials ?? 0) + 1
    answerers.set(key, {
      key,
      label,
      provider: credential.providerKey,
      priority: credential.priority,
      credentials,
      names,
      at,
    })
  }
  return [...answerers.values()].sort((a, b) => b.priority - a.priority)
}

type Clash = 'different-models' | 'fail-over' | 'other-model-below'

/** What several answerers of one id mean; null when they are one provider's credentials for one model. */
function clashOf(answerers: readonly Answerer[]): Clash | null {
  const top = answerers.filter(({ priority }) => priority === answerers[0]?.priority)
  if (new Set(top.map(({ names }) => names.toLowerCase())).size > 1) return 'different-models'
  if (new Set(answerers.map(({ names }) => names.toLowerCase())).size > 1) return 'other-model-below'
  return new Set(answerers.map(({ provider }) => provider)).size > 1 ? 'fail-over' : null
}

const CLASHES: Readonly<Record<Clash, Pick<Draft, 'severity' | 'effect' | 'fix'>>> = {
  'different-models': {
    severity: 'warn',
    effect:
      'requests go to them in turn, by number of credentials: clients get different models under one name',
    fix: 'give them different aliases, a `prefix`, or different `priority`',
  },
  'other-model-below': {
    severity: 'info',
    effect: 'the higher priority answers; when it fails, clients get another model under the same name',
    fix: 'nothing, if that fall-back is meant; else give them different aliases',
  },
  'fail-over': {
    severity: 'info',
    effect:
      'the highest priority answers, equal ones share by number of credentials, and each stands in for the others',
    fix: 'nothing, if that is meant; else set `prefix` or `priority`',
  },
}

/** One finding for all ids that the same answerers share in the same way. */
function collisionDrafts(context: LintContext): Draft[] {
  const groups = new Map<string, { clash: Clash; answerers: readonly Answerer[]; ids: string[] }>()
  for (const [id, offers] of context.offers.byId) {
    if (isOneEntry(offers) || isShadowed(offers)) continue
    const answerers = answerersOf(offers, id, context)
    const clash = answerers.length < 2 ? null : clashOf(answerers)
    if (clash === null) continue
    const key = `${clash} ${answerers.map((answerer) => answerer.key).join(' ')}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { clash, answerers, ids: [id] })
    else group.ids.push(id)
  }
  return [...groups.values()].map(({ clash, answerers, ids }) => ({
    ...CLASHES[clash],
    at: lastPlace(answerers),
    saw: `${listed(ids.map((id) => printable(id)))} in ${answerers.slice(0, 3).map(describe).join(', ')}${answerers.length > 3 ? ` and ${answerers.length - 3} more` : ''}`,
  }))
}

/** True for an id that only the keys of one entry offer. */
function isOneEntry(offers: readonly IdOffer[]): boolean {
  const [first, ...others] = offers.map(({ offer: { credential } }) =>
    credential.kind === 'config' ? credential.entry : null,
  )
  return others.length === 0 || (first !== null && others.every((entry) => entry === first))
}

function describe({ label, priority, credentials, names }: Answerer): string {
  const count = credentials === 1 ? '1 credential' : `${credentials} credentials`
  return `${printable(label)} (priority ${priority}, ${count}, as \`${printable(names)}\`)`
}

function lastPlace(answerers: readonly Answerer[]): Position {
  const places = answerers.flatMap(({ at }) => (at === null ? [] : [at])).sort((a, b) => a.line - b.line)
  return places.at(-1) ?? FILE_START
}

/** True when a bare alias with a slash is the same as another credential's prefixed id. */
function isShadowed(offers: readonly IdOffer[]): boolean {
  return (
    offers.some(({ offered }) => offered.id !== offered.base) &&
    offers.some(({ offered }) => offered.id === offered.base)
  )
}

function shadowDrafts(context: LintContext): Draft[] {
  const drafts: Draft[] = []
  for (const [id, offers] of context.offers.byId) {
    if (isOneEntry(offers) || !isShadowed(offers)) continue
    const [bare] = offers.filter(({ offered }) => offered.id === offered.base)
    const [behind] = offers.filter(({ offered }) => offered.id !== offered.base)
    const at = bare?.offered.items[0]?.at ?? bare?.offered.alias?.at
    if (bare === undefined || behind === undefined || at === undefined || at === null) continue
    drafts.push({
      severity: 'warn',
      at,
      saw: `the alias \`${printable(id)}\` in ${printable(labelOf(bare))}`,
      effect: `it is also what ${printable(labelOf(behind))} offers behind its prefix: requests meant for that prefix can land here`,
      fix: 'choose an alias that does not begin with a prefix in use',
    })
  }
  return [...drafts, ...ownPrefixDrafts(context), ...hiddenNameDrafts(context)]
}

/** Ids that begin with the prefix of their own entry: the gateway cuts it before it looks the id up. */
function ownPrefixDrafts(context: LintContext): Draft[] {
  return eachLiveEntry(context, ({ label, prefix, models }) =>
    models
      .filter(
        ({ id, kept }) => kept && prefix !== '' && id.startsWith(`${prefix}/`) && context.offers.byId.has(id),
      )
      .map(({ id, at }) => ({
        severity: 'warn',
        at,
        saw: `the id \`${printable(id)}\` in ${printable(label)}, whose prefix is \`${printable(prefix)}\``,
        effect: `asked for \`${printable(id)}\` the gateway cuts the prefix and asks the upstream for \`${printable(id.slice(prefix.length + 1))}\``,
        fix: 'give the model an alias that does not begin with the prefix',
      })),
  )
}

function labelOf({ offer: { credential } }: IdOffer): string {
  return credential.kind === 'config' ? credential.entry.label : `token files of ${credential.providerKey}`
}

/** Aliases that are the upstream name which another entry hides behind an alias of its own. */
function hiddenNameDrafts({ config, offers }: LintContext): Draft[] {
  const hidden = new Map<string, { label: string; alias: string; index: string }>()
  for (const entry of config.entries)
    if (entry.fate.kind === 'live')
      for (const { name, id, kept } of entry.models)
        if (kept && name !== '' && name !== id && !hidden.has(name))
          hidden.set(name, { label: entry.label, alias: id, index: `${entry.section}[${entry.fileIndex}]` })
  return config.entries.flatMap((entry) =>
    entry.models.flatMap((item): Draft[] => {
      const other = hidden.get(item.alias)
      const own = `${entry.section}[${entry.fileIndex}]`
      if (
        entry.fate.kind !== 'live' ||
        other === undefined ||
        other.index === own ||
        item.alias === item.name ||
        !offers.byId.has(item.alias)
      )
        return []
      return [
        {
          severity: 'warn',
          at: item.at,
          saw: `the alias \`${printable(item.alias)}\` in ${printable(entry.label)}`,
          effect: `it is the upstream name behind \`${printable(other.alias)}\` of ${printable(other.label)}: who asks for the name gets \`${printable(item.name)}\` from here`,
          fix: 'choose another alias, or none in the other entry',
        },
      ]
    }),
  )
}

export const COLLISION_RULES = {
  'alias-collision': {
    title: 'one id means one model',
    source: 'contract, files 1.9',
    look: collisionDrafts,
  },
  'alias-shadow': {
    title: 'no alias stands in the way of another entry',
    source: 'contract, files 1.8',
    look: shadowDrafts,
  },
  'case-collision': {
    title: 'no two ids differ only by case',
    source: 'contract, files 1.7',
    look: ({ offers }) => {
      const spellings = new Map<string, string>()
      return [...offers.byId.keys()].flatMap((second): Draft[] => {
        const first = spellings.get(second.toLowerCase())
        if (first === undefined) {
          spellings.set(second.toLowerCase(), second)
          return []
        }
        const place = offers.byId.get(second)?.flatMap(({ offered }) => offered.items)[0]?.at
        return [
          {
            severity: 'warn',
            at: place ?? FILE_START,
            saw: `the ids ${listed([printable(first), printable(second)])}`,
            effect: 'they are two models to the gateway, and one to most people',
            fix: 'spell both the same way',
          },
        ]
      })
    },
  },
} as const satisfies Record<string, Rule>
