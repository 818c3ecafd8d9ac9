import { applyEdits } from './config/edit.ts'
import type { ConfigEdit, EntryRef } from './config/edit-types.ts'
import { loadConfig } from './config/load.ts'
import type { GatewayConfig, ProviderEntry } from './config/model.ts'
import { offersOf } from './config/offers.ts'

export type FallbackPlan =
  | {
      readonly kind: 'planned'
      readonly edits: readonly ConfigEdit[]
      readonly after: string
      readonly how: string
    }
  /** The file already sends the model's clients to the fallback. */
  | { readonly kind: 'in-place'; readonly after: string }
  | { readonly kind: 'refused'; readonly reason: string }

export interface FallbackModels {
  readonly model: string
  readonly fallback: string
}

const CODEX_CHANNEL = 'codex'

/**
 * The change that answers requests for `model` with `fallback`, for the entries of the configuration that offer the
 * fallback, else for the Codex accounts of the auth directory. Nobody's other name is taken away: a file credential
 * gets its alias with `fork: true` (contract, files 1.5), and the refused model itself is excluded, since beside an
 * alias of the same name it would go on being asked.
 */
export function planFallback(configText: string, models: FallbackModels): FallbackPlan {
  const loaded = loadConfig(configText, 'upstream')
  if (loaded.kind === 'rejected')
    return { kind: 'refused', reason: 'the configuration itself is broken: provops lint' }
  const undo = undoEdits(loaded.config, models)
  if (undo.length > 0) {
    const back = applyEdits(configText, undo)
    return back.kind === 'edited'
      ? { kind: 'in-place', after: back.text }
      : { kind: 'refused', reason: `line ${back.line}: ${back.reason}` }
  }
  const { edits, how } = editsFor(loaded.config, models)
  const edited = applyEdits(configText, edits)
  if (edited.kind === 'refused') return { kind: 'refused', reason: `line ${edited.line}: ${edited.reason}` }
  return { kind: 'planned', edits, after: edited.text, how }
}

function editsFor(
  config: GatewayConfig,
  { model, fallback }: FallbackModels,
): { edits: ConfigEdit[]; how: string } {
  const entries = entriesOffering(config, fallback)
  if (entries.length > 0) {
    const edits = entries.flatMap((entry) => entryEdits(entry, model, fallback))
    return { edits, how: `alias in ${entries.map(({ label }) => label).join(', ')}` }
  }
  return {
    edits: [
      { kind: 'add-exclusion', target: { kind: 'oauth', channel: CODEX_CHANNEL }, pattern: model },
      {
        kind: 'add-oauth-alias',
        channel: CODEX_CHANNEL,
        alias: { name: fallback, alias: model, fork: true },
      },
    ],
    how: 'alias with fork: true for the Codex accounts',
  }
}

/** The entries of the file that list the fallback by name; ids of built-in catalogues cannot be aliased here. */
function entriesOffering(config: GatewayConfig, fallback: string): ProviderEntry[] {
  const offers = offersOf(config).byId.get(fallback) ?? []
  const entries = offers.flatMap(({ offer, offered }) =>
    offer.credential.kind === 'config' && offered.items.length > 0 ? [offer.credential.entry] : [],
  )
  return [...new Set(entries)]
}

function entryEdits(entry: ProviderEntry, model: string, fallback: string): ConfigEdit[] {
  const ref = refOf(entry)
  const target = entry.models.find(({ id }) => id === fallback)
  if (!target) return []
  const refused = entry.models.filter(({ id }) => id === model)
  return [
    ...refused.map((item): ConfigEdit => ({ kind: 'remove-model', entry: ref, model: namesOf(item) })),
    { kind: 'add-model', entry: ref, model: { name: target.name, alias: model } },
  ]
}

function namesOf({ name, alias }: { name: string; alias: string }) {
  return alias === '' ? { name } : { name, alias }
}

function refOf({ section, fileIndex, name }: ProviderEntry): EntryRef {
  return section === 'openai-compatibility' && name !== '' ? { section, name } : { section, index: fileIndex }
}

/** What takes the fallback away again, where it is in the file. */
function undoEdits(config: GatewayConfig, { model, fallback }: FallbackModels): ConfigEdit[] {
  const alias = config.oauthModelAliases
    .get(CODEX_CHANNEL)
    ?.find((item) => item.alias === model && item.name === fallback)
  if (alias) {
    return [
      { kind: 'remove-oauth-alias', channel: CODEX_CHANNEL, name: fallback, alias: model },
      { kind: 'remove-exclusion', target: { kind: 'oauth', channel: CODEX_CHANNEL }, pattern: model },
    ]
  }
  return entriesOffering(config, fallback).flatMap((entry): ConfigEdit[] => {
    const target = entry.models.find(({ id }) => id === fallback)
    const aliased = entry.models.find(({ id, name }) => id === model && name === target?.name)
    return aliased ? [{ kind: 'remove-model', entry: refOf(entry), model: namesOf(aliased) }] : []
  })
}
