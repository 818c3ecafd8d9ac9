import { printable } from '../../core/text.ts'
import type { OAuthCredential } from './oauth.ts'
import { catalogueFor, type Offers, oauthAliasesFor, oauthPatternsOf } from './offers.ts'
import type { Cause, Wanted } from './why-missing.ts'
import { patternMatcher } from './wildcard.ts'

/** What keeps an id away among OAuth credentials, loaded or not. Token files are not named: their names hold addresses. */
export function causesInOAuth(offers: Offers, wanted: readonly Wanted[]): Cause[] {
  const loaded = offers.list.flatMap(({ credential }) => (credential.kind === 'oauth' ? [credential] : []))
  const causes = loaded.flatMap((credential) =>
    wanted
      .filter(({ prefix }) => prefix === '' || prefix === credential.prefix)
      .flatMap(({ prefix, base }) => credentialCauses(offers, credential, base, prefix)),
  )
  const channels = new Set(loaded.map(({ providerKey }) => providerKey))
  return distinct([...causes, ...wanted.flatMap(({ base }) => absentCauses(offers, channels, base))])
}

function credentialCauses(
  offers: Offers,
  credential: OAuthCredential,
  base: string,
  prefix: string,
): Cause[] {
  const ids = catalogueFor(credential, offers.catalogue) ?? []
  const channel = printable(credential.providerKey)
  if (!ids.includes(base)) return lostAliasCauses(offers, credential, base, ids)
  if (credential.disabled)
    return [
      {
        code: 'oauth-disabled',
        message: `a ${channel} token file that has it is disabled`,
        fix: 'enable it in the panel or its file',
        at: null,
      },
    ]
  return [
    ...excludedCauses(offers, credential, base),
    ...renamedCauses(offers, credential, base),
    ...forcedCauses(offers, credential, base, prefix),
  ]
}

function excludedCauses({ config }: Offers, credential: OAuthCredential, base: string): Cause[] {
  return oauthPatternsOf(credential, config)
    .filter(({ text }) => patternMatcher(text)(base))
    .map(({ text, at }) => ({
      code: 'oauth-excluded',
      message: `${printable(credential.providerKey)} has it, but ${at === null ? 'its token file' : '`oauth-excluded-models`'} excludes \`${printable(text)}\``,
      fix: 'take the pattern out, or make it narrower',
      at,
    }))
}

function renamedCauses({ config }: Offers, credential: OAuthCredential, base: string): Cause[] {
  const renames = oauthAliasesFor(credential, config).filter(
    ({ name }) => name.toLowerCase() === base.toLowerCase(),
  )
  const [first] = renames
  if (first === undefined || renames.some(({ fork }) => fork)) return []
  return [
    {
      code: 'oauth-renamed',
      message: `the ${printable(credential.providerKey)} alias \`${printable(first.alias)}\` renames it: without \`fork: true\` the original id is gone`,
      fix: `set \`fork: true\` on the alias, or ask for \`${printable(first.alias)}\``,
      at: first.at,
    },
  ]
}

function forcedCauses(
  { config }: Offers,
  { prefix: own, providerKey }: OAuthCredential,
  base: string,
  prefix: string,
): Cause[] {
  if (prefix !== '' || own === '' || own === base || !config.settings.forceModelPrefix) return []
  const prefixed = printable(`${own}/${base}`)
  return [
    {
      code: 'forced-prefix',
      message: `${printable(providerKey)} has it as \`${prefixed}\` only: \`force-model-prefix\` hides the bare id`,
      fix: `ask for \`${prefixed}\``,
      at: config.settings.at.get('force-model-prefix') ?? null,
    },
  ]
}

function lostAliasCauses(
  { config }: Offers,
  credential: OAuthCredential,
  base: string,
  ids: readonly string[],
): Cause[] {
  const alias = oauthAliasesFor(credential, config).find((entry) => entry.alias === base)
  if (alias === undefined || catalogueIsUnknown(ids)) return []
  const excluded = oauthPatternsOf(credential, config).some(({ text }) => patternMatcher(text)(alias.name))
  const why = excluded ? 'is excluded' : 'is not among the ids of the channel'
  return [
    {
      code: 'oauth-alias-lost',
      message: `it is an alias of \`${printable(alias.name)}\` for ${printable(credential.providerKey)}, and that ${why}`,
      fix: excluded ? 'take the exclusion out' : 'point the alias at an id that the channel has',
      at: alias.at,
    },
  ]
}

function catalogueIsUnknown(ids: readonly string[]): boolean {
  return ids.length === 0
}

/** Channels that have the id, or an alias for it, while no credential of theirs is loaded. */
function absentCauses({ config, catalogue }: Offers, loaded: ReadonlySet<string>, base: string): Cause[] {
  const aliased = [...config.oauthModelAliases].flatMap(([channel, aliases]) =>
    aliases.filter(({ alias, at }) => alias === base && at !== null).map(({ at }) => ({ channel, at })),
  )
  const listed = Object.keys(catalogue)
    .filter(
      (channel) =>
        catalogue[channel]?.includes(base) &&
        !config.credentials.some(({ providerKey }) => providerKey === channel),
    )
    .map((channel) => ({ channel, at: null }))
  return [...aliased, ...listed]
    .filter(({ channel }) => !loaded.has(channel.replace(/-(?:plus|team|free)$/, '')))
    .map(({ channel, at }) => ({
      code: 'no-credential',
      message: `${printable(channel)} has it, but no ${printable(channel)} credential is loaded`,
      fix: 'log in again, or check the token file in the auth directory',
      at,
    }))
}

function distinct(causes: readonly Cause[]): Cause[] {
  return [...new Map(causes.map((cause) => [`${cause.code} ${cause.message}`, cause])).values()]
}
