import { type ConfigEdit, refOf } from '../../analysis/config/edit-types.ts'
import { shellWord } from '../../core/text.ts'
import type { ConfigView, Facts } from './incident-context.ts'
import type { Missing } from './missing-causes.ts'
import type { Remedy } from './playbook.ts'
import { told } from './read-facts.ts'

/** For a gateway that lists nothing at all. */
export function emptyRemedy(facts: Facts): Remedy {
  const entries = told(facts.config)?.offers.config.entries.length ?? null
  return {
    kind: 'person',
    title:
      entries === 0
        ? 'the configuration has no provider, and no account is loaded'
        : 'no credential of the gateway can serve',
    next:
      entries === 0
        ? 'provops onboard adds a provider; or put token files into auth-dir'
        : 'provops incident auth-failures, then provops lint',
  }
}

/** What brings the wanted ids back, edits of the configuration first. */
export function remediesFor(wanted: readonly Missing[], config: ConfigView | null): readonly Remedy[] {
  const fixes = config ? wanted.flatMap((one) => editFor(one, config)) : []
  return [...joined(fixes), ...wanted.flatMap((one) => personFor(one, fixes))]
}

interface Fix {
  readonly id: string
  readonly edit: ConfigEdit
  readonly title: string
}

/** The switch or pattern that keeps it away, where taking it out is one edit. */
function editFor({ id, cause }: Missing, { offers }: ConfigView): Fix[] {
  if (cause.kind !== 'config' || cause.cause.at === null) return []
  const { code, at } = cause.cause
  for (const entry of offers.config.entries) {
    if (code === 'entry-disabled' && entry.section === 'openai-compatibility') {
      const place = entry.at.values.get('disabled') ?? entry.at.entry
      if (place.line === at.line)
        return [
          {
            id,
            title: `enable ${entry.label}`,
            edit: {
              kind: 'set-disabled',
              entry: { section: entry.section, index: entry.fileIndex },
              disabled: false,
            },
          },
        ]
    }
    const pattern =
      code === 'excluded' ? entry.excludedModels.find((one) => one.at.line === at.line) : undefined
    if (pattern)
      return [
        {
          id,
          title: `take ${pattern.text} out of excluded-models of ${entry.label}`,
          edit: {
            kind: 'remove-exclusion',
            target: { kind: 'entry', entry: refOf(entry) },
            pattern: pattern.text,
          },
        },
      ]
  }
  return []
}

function joined(fixes: readonly Fix[]): Remedy[] {
  if (fixes.length === 0) return []
  return [
    {
      kind: 'edit',
      name: 'offer',
      title: fixes.map(({ title, id }) => `${title} (for ${id})`).join(', '),
      askFirst: [],
      edits: fixes.map(({ edit }) => edit),
      mind: 'somebody may have hidden it on purpose: ask before',
      proof: { kind: 'symptom' },
    },
  ]
}

function personFor({ id, cause }: Missing, fixes: readonly Fix[]): Remedy[] {
  if (fixes.some((fix) => fix.id === id)) return []
  switch (cause.kind) {
    case 'config':
      return [
        {
          kind: 'person',
          title: `${id}: ${cause.cause.fix}`,
          next: `${cause.cause.fix}; provops lint --why-missing ${id}`,
        },
      ]
    case 'suspended':
      return [
        cause.unserved
          ? {
              kind: 'person',
              title: `${id}: the provider does not serve it`,
              next: `take another model or provider for ${id}; once the provider serves it again, any reload of config.yaml or reset-quota ends the bench`,
            }
          : {
              kind: 'person',
              title: `${id}: its credentials are suspended`,
              next: 'provops incident auth-failures; after the cause is mended any reload of config.yaml ends the bench',
            },
      ]
    case 'unserved':
      return [
        {
          kind: 'person',
          title: `${id}: the provider does not serve it`,
          next: `take another model or provider for ${id}, or correct its name in the configuration: provops lint --who ${shellWord(id)}`,
        },
      ]
    case 'not-known':
      return [
        { kind: 'person', title: `${id}: not explained`, next: 'give --config-file, or a management key' },
      ]
  }
}
