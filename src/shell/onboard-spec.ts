import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Newcomer, OnboardingSpec, type OnboardingSpecValues } from '../analysis/onboarding/spec.ts'
import { readStrictYaml } from '../analysis/strict-yaml.ts'
import { errorCode } from '../core/error-code.ts'
import { printable } from '../core/text.ts'
import type { Secret } from '../wire/secret.ts'
import type { Invocation } from './invocation.ts'
import { secretFromCommand, secretFromFile } from './keys.ts'
import { expandPath } from './paths.ts'
import { type Refusal, usageError } from './result.ts'

/** The provider to be added, and its key; null for a server that wants none. */
export interface Order {
  readonly kind: 'order'
  readonly newcomer: Newcomer
  readonly key: Secret | null
}

/** Reads a spec file and the flags; a flag wins over the file. The key is told to the redactor before anything else. */
export async function readOrder(invocation: Invocation): Promise<Order | Refusal> {
  const { args, flags, world, redactor } = invocation
  const specPath = args[0] === undefined ? null : expandPath(args[0], world.home, world.cwd)
  const spec = specPath === null ? null : await readSpec(specPath)
  if (spec?.kind === 'refused') return spec
  const values = spec?.values
  const newcomer = newcomerOf(invocation, values)
  if ('kind' in newcomer) return newcomer
  const keyFile = flags.text('key-file')
  const base = specPath === null ? world.cwd : dirname(specPath)
  const specFile = values?.['key-file']
  const command = values?.['key-command']
  const given =
    keyFile !== undefined
      ? await secretFromFile(keyFile, invocation)
      : specFile !== undefined
        ? await secretFromFile(expandPath(specFile, world.home, base), invocation)
        : command !== undefined
          ? await secretFromCommand(command, world)
          : ({ kind: 'none' } as const)
  if (given.kind === 'refused') return given
  if (given.kind === 'none') return { kind: 'order', newcomer, key: null }
  redactor.add(given.secret.reveal())
  return { kind: 'order', newcomer, key: given.secret }
}

type SpecReading = { readonly kind: 'spec'; readonly values: OnboardingSpecValues } | Refusal

async function readSpec(path: string): Promise<SpecReading> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const code = errorCode(error) ?? 'error'
    return usageError(`cannot read ${path}: ${code}`, 'provops onboard --help')
  }
  const reading = readStrictYaml(text, OnboardingSpec)
  if (reading.kind === 'value') return { kind: 'spec', values: reading.value }
  const lines = reading.problems.map(({ line, column, path: key, message }) => {
    const where = key === '' ? '' : `${key}: `
    return printable(`${path}:${line}:${column}: ${where}${message}`)
  })
  return usageError(lines.join('\n'), 'schemas/onboarding.schema.json describes the file')
}

function newcomerOf({ flags }: Invocation, spec: OnboardingSpecValues | undefined): Newcomer | Refusal {
  const name = flags.text('name') ?? spec?.name
  const baseUrl = flags.text('base-url') ?? spec?.['base-url']
  const typed = flags.list('model').map(modelOf)
  const models =
    typed.length > 0
      ? typed
      : (spec?.models ?? []).map((model) => ({ name: model.name, alias: model.alias ?? null }))
  const missing = [
    name === undefined ? '--name' : '',
    baseUrl === undefined ? '--base-url' : '',
    models.length === 0 ? '--model' : '',
  ].filter((flag) => flag !== '')
  if (name === undefined || baseUrl === undefined || models.length === 0)
    return usageError(
      `what is to be added is not said: ${missing.join(', ')}`,
      'give a spec file, or --name, --base-url, --model upstream=alias, --prefix and --key-file',
    )
  const wrong = models.find((model) => model.name === '' || model.alias === '')
  if (wrong !== undefined)
    return usageError('--model: a side of upstream=alias is empty', 'provops onboard … --model minimax/m3=m3')
  const prefix = flags.text('prefix') ?? spec?.prefix ?? null
  return { name, baseUrl, prefix: prefix === '' ? null : prefix, priority: spec?.priority ?? null, models }
}

/** `upstream=alias`, or a name alone; upstream names hold no `=`. */
function modelOf(text: string): Newcomer['models'][number] {
  const at = text.lastIndexOf('=')
  return at < 0
    ? { name: text, alias: null }
    : { name: text.slice(0, at).trim(), alias: text.slice(at + 1).trim() }
}
