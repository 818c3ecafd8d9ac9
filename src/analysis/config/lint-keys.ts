import { nearest } from '../../core/near.ts'
import { printable } from '../../core/text.ts'
import type { UnknownKey } from './decoded.ts'
import { FLAVOUR_NAMES } from './flavour.ts'
import type { Draft, LintContext, Rule } from './lint-types.ts'
import { LEGACY_KEYS } from './schema.ts'
import { DEDICATED_BLOCKS, SECTIONS, type Section } from './schema-providers.ts'
import { knows } from './shape.ts'
import { isBefore } from './version.ts'

/** The section an unknown key's map is an entry of, or `top`; null deeper inside. */
function placeOf({ path }: UnknownKey): 'top' | Section | null {
  if (path === '') return 'top'
  return SECTIONS.find((section) => path.startsWith(`${section}[`) && /^[^.]*\]$/.test(path)) ?? null
}

function legacyFix(unknown: UnknownKey): string | undefined {
  const place = placeOf(unknown)
  const fixes = place === null ? {} : LEGACY_KEYS[place]
  return Object.hasOwn(fixes, unknown.key) ? fixes[unknown.key] : undefined
}

/** Keys people expect in a place where they do nothing, with what does it there. */
const HINTS: Readonly<Record<'compat' | 'key', Readonly<Record<string, string>>>> = {
  compat: {
    'api-key':
      'write it as an item of `api-key-entries`; as it is the gateway calls the upstream without a key',
    'excluded-models': 'take the models out of `models`; this section has no exclusions',
    weight: 'write it beside each `api-key` in `api-key-entries`',
    enabled: 'write `disabled: true` or `false`',
  },
  key: {
    disabled: 'write `excluded-models: ["*"]` to take the key out of service',
    enabled: 'write `excluded-models: ["*"]` to take the key out of service',
    name: 'remove it; entries of this section have no name',
    'api-key-entries': 'write one list item per key',
    'api-keys': 'write one list item per key',
  },
}

function hintFor(unknown: UnknownKey): string | undefined {
  const place = placeOf(unknown)
  if (place === null || place === 'top') return undefined
  const hints = HINTS[place === 'openai-compatibility' ? 'compat' : 'key']
  return Object.hasOwn(hints, unknown.key) ? hints[unknown.key] : undefined
}

function unknownKeyDraft(unknown: UnknownKey, { flavour }: LintContext): Draft {
  const where = unknown.path === '' ? '' : ` in ${printable(unknown.path, 80)}`
  const name = FLAVOUR_NAMES[flavour]
  const saw = `the key \`${printable(unknown.key)}\`${where}`
  const isDisabled = unknown.key === 'disabled' && placeOf(unknown) === 'openai-compatibility'
  const known = unknown.field?.in?.map((other) => FLAVOUR_NAMES[other]).join(', ')
  const effect = isDisabled
    ? `${name} ignores it: the entry stays in service`
    : `${name} ignores it without a word${known === undefined ? '' : `; only ${known} knows it`}`
  return {
    severity: 'warn',
    at: unknown.at,
    saw,
    effect,
    fix: hintFor(unknown) ?? nearestFix(unknown, flavour),
  }
}

function nearestFix({ key, siblings }: UnknownKey, flavour: LintContext['flavour']): string {
  const known = Object.keys(siblings).filter((name) => knows(flavour, siblings[name]))
  const kebab = key
    .replace(/([a-z\d])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase()
  const near = known.includes(kebab) ? kebab : nearest(key, known)[0]
  return near === undefined ? 'remove it, or move it to where it belongs' : `write \`${near}\``
}

/** Blocks a gateway decodes and never uses (contract, files 1.11). */
function deadBlocks(flavour: LintContext['flavour']): readonly string[] {
  if (flavour === 'upstream') return []
  return flavour === 'fork' ? [...DEDICATED_BLOCKS, 'kiro', 'cursor'] : [...DEDICATED_BLOCKS, 'cursor']
}

export const KEY_RULES = {
  'unknown-key': {
    title: 'every key is one the gateway knows',
    source: 'contract, files 1.1',
    look: (context) =>
      context.loaded.unknownKeys
        .filter((key) => legacyFix(key) === undefined)
        .map((key) => unknownKeyDraft(key, context)),
  },
  'legacy-key': {
    title: 'no key of an earlier release is left',
    source: 'contract, files 1.2',
    look: ({ loaded }) =>
      loaded.unknownKeys.flatMap((unknown) => {
        const fix = legacyFix(unknown)
        if (fix === undefined) return []
        return [
          {
            severity: 'warn',
            at: unknown.at,
            saw: `the key \`${printable(unknown.key)}\` of an earlier release`,
            effect: 'ignored: this key does nothing, and the next save of the panel removes it',
            fix,
          },
        ]
      }),
  },
  'key-too-new': {
    title: 'the gateway is new enough for every key',
    source: 'contract, files 1.10',
    look: ({ loaded, flavour, version }) =>
      flavour !== 'upstream' || version === null
        ? []
        : loaded.datedKeys
            .filter(({ since }) => isBefore(version, since))
            .map(({ key, at, since }) => ({
              severity: 'warn',
              at,
              saw: `\`${key}\`, which came with ${since}`,
              effect: `this gateway is ${printable(version)} and ignores it${key === 'disabled' ? ': the entry stays in service' : ''}`,
              fix: `update the gateway to ${since} or later, or remove the key`,
            })),
  },
  'dead-block': {
    title: 'no block is decoded and never used',
    source: 'contract, files 1.11',
    look: ({ config, flavour }) =>
      deadBlocks(flavour).flatMap((block) => {
        const at = config.settings.at.get(block)
        if (at === undefined) return []
        return [
          {
            severity: 'warn',
            at,
            saw: `the block \`${block}\``,
            effect: 'the server reads it and makes no credential of it',
            fix: 'write an `openai-compatibility` entry with its base-url, key and models',
          },
        ]
      }),
  },
  'second-document': {
    title: 'the file is one YAML document',
    source: 'contract, files 1.1',
    look: ({ loaded: { secondDocument } }) =>
      secondDocument === null
        ? []
        : [
            {
              severity: 'warn',
              at: secondDocument,
              saw: 'a second YAML document (`---`)',
              effect: 'the gateway reads the first document only; everything from here on does nothing',
              fix: 'remove the `---` line, or the text behind it',
            },
          ],
  },
} as const satisfies Record<string, Rule>
