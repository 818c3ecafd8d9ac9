import { credentialsOf } from './credentials.ts'
import { decode } from './decode.ts'
import type { DatedKey, Decoding, UnknownKey } from './decoded.ts'
import { entriesOf } from './entries.ts'
import type { Flavour } from './flavour.ts'
import type { GatewayConfig } from './model.ts'
import { oauthAliasesOf, oauthExcludedOf } from './oauth-maps.ts'
import { type Problem, syntaxProblem } from './problem.ts'
import { TOP_LEVEL } from './schema.ts'
import { settingsOf } from './settings.ts'
import { valueProblems, weightProblems } from './validate.ts'
import { type Position, readYaml, type YamlSource } from './yaml-source.ts'

export type LoadedConfig =
  | {
      readonly kind: 'loaded'
      readonly config: GatewayConfig
      readonly unknownKeys: readonly UnknownKey[]
      readonly datedKeys: readonly DatedKey[]
      /** Where a second YAML document begins, which the gateway does not read. */
      readonly secondDocument: Position | null
    }
  /** The gateway refuses the file: at start it exits, on a reload it keeps what it had (contract, files 2.1). */
  | {
      readonly kind: 'rejected'
      readonly problems: readonly [Problem, ...Problem[]]
      readonly unknownKeys: readonly UnknownKey[]
    }

/**
 * Reads a `config.yaml` by the rules of one gateway (contract, files 1.1 to 2.2): only the first document, unknown
 * keys ignored, repeated keys and wrong types refuse the whole file, values normalised, unusable entries dropped.
 * An empty text loads as all defaults. Environment variables that override the file are not seen here.
 */
export function loadConfig(text: string, flavour: Flavour): LoadedConfig {
  const source = readYaml(text)
  const decoding = decode(source, TOP_LEVEL, flavour)
  const [first, ...others] = problemsOf(source, decoding, flavour)
  if (first !== undefined)
    return { kind: 'rejected', problems: [first, ...others], unknownKeys: decoding.unknown }
  return {
    kind: 'loaded',
    config: configOf(decoding, flavour),
    unknownKeys: decoding.unknown,
    datedKeys: decoding.dated,
    secondDocument: source.secondDocument,
  }
}

function problemsOf(source: YamlSource, decoding: Decoding, flavour: Flavour): Problem[] {
  // Faults of the text first and alone: what is decoded from a broken file only misleads.
  if (source.faults.length > 0) return source.faults.map(syntaxProblem)
  const weights = flavour === 'upstream' ? weightProblems(source) : []
  const weightPlaces = new Set(weights.map(placeOf))
  const rest = decoding.problems.filter((problem) => !weightPlaces.has(placeOf(problem)))
  const values = flavour === 'upstream' && rest.length === 0 ? valueProblems(decoding.root) : []
  return [...weights, ...rest, ...values].sort((a, b) => a.line - b.line || a.column - b.column)
}

function placeOf({ line, column }: Position): string {
  return `${line}:${column}`
}

function configOf({ root }: Decoding, flavour: Flavour): GatewayConfig {
  const entries = entriesOf(root, flavour)
  const aliases = oauthAliasesOf(root, flavour)
  return {
    flavour,
    settings: settingsOf(root, flavour),
    entries,
    credentials: credentialsOf(entries, flavour),
    oauthExcludedModels: oauthExcludedOf(root),
    oauthModelAliases: aliases.kept,
    droppedAliases: aliases.dropped,
  }
}
