import { readStrictYaml, type YamlProblem } from '../analysis/strict-yaml.ts'
import { ConfigSchema, type ConfigValues } from './config-schema.ts'

export interface ConfigFile {
  readonly path: string
  readonly values: ConfigValues
  /** The line a value stands on, by its path of keys; the nearest one above when the path is not there. */
  lineOf(path: readonly PropertyKey[]): number
}

export type ConfigReading =
  | { readonly kind: 'config'; readonly file: ConfigFile }
  | { readonly kind: 'refused'; readonly path: string; readonly problems: readonly YamlProblem[] }

/**
 * Parses `provops.yaml`. Nothing is guessed: a syntax error, an unknown key or a value of the wrong kind refuses the
 * whole file, with line, column and what would have been right. An empty file is an empty configuration.
 */
export function parseConfig(text: string, path: string): ConfigReading {
  const reading = readStrictYaml(text, ConfigSchema, (value) => ({ value: value ?? {} }))
  if (reading.kind === 'refused') return { kind: 'refused', path, problems: reading.problems }
  const { value: values, placeOf } = reading
  return { kind: 'config', file: { path, values, lineOf: (keys) => placeOf(keys).line } }
}
