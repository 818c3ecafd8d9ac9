import { intend, settle } from './edit-data.ts'
import { planStep } from './edit-plan.ts'
import type { ConfigEdit } from './edit-types.ts'
import { type PlainMap, plainOf, samePlain } from './plain.ts'
import { syntaxProblem } from './problem.ts'
import { applySplices, isRefused, siteOf } from './site.ts'
import { readYaml, type YamlSource } from './yaml-source.ts'

export type EditResult =
  | { readonly kind: 'edited'; readonly text: string }
  /** Nothing was changed. `line` counts in the text as the edits before the refused one would have left it. */
  | { readonly kind: 'refused'; readonly reason: string; readonly line: number }

/**
 * Makes changes to the text of a config, by replacing just the bytes that have to change: comments, order, quotes,
 * anchors, line breaks, byte order mark and every other document stay as they are. Before it returns, the result is
 * read again and compared with the intention on plain data; a change that would touch anything else (shared anchors,
 * merged keys, values that stand elsewhere) is refused. An edit whose work is done already leaves the text as it is.
 */
export function applyEdits(text: string, edits: readonly ConfigEdit[]): EditResult {
  let current = text
  for (const edit of edits) {
    const result = applyEdit(current, edit)
    if (result.kind === 'refused') return result
    current = result.text
  }
  return { kind: 'edited', text: current }
}

type Refused = Extract<EditResult, { kind: 'refused' }>

/** Steps an edit may take: one for each item it removes. */
const MOST_STEPS = 1000

function applyEdit(text: string, edit: ConfigEdit): EditResult {
  let source = readYaml(text)
  const before = dataOf(source)
  if (before.kind === 'refused') return before
  for (let step = 0; step < MOST_STEPS; step++) {
    const planned = planStep(siteOf(source), edit)
    if (isRefused(planned)) return planned
    if (planned.length === 0) return verified(before, source, edit)
    source = readYaml(applySplices(source.text, planned))
  }
  return { kind: 'refused', reason: 'the change does not come to an end', line: 1 }
}

interface Data {
  readonly kind: 'data'
  readonly data: PlainMap
  /** What follows the first document. */
  readonly rest: string
}

function dataOf(source: YamlSource): Data | Refused {
  const [fault] = source.faults
  if (fault !== undefined) {
    const { message, line } = syntaxProblem(fault)
    return { kind: 'refused', reason: `the file is no valid YAML: ${message}`, line }
  }
  const reading = plainOf(source)
  if (reading.kind === 'unreadable') return { kind: 'refused', reason: reading.reason, line: reading.at.line }
  const data = reading.value ?? new Map()
  if (!(data instanceof Map)) return { kind: 'refused', reason: 'the file is no map of keys', line: 1 }
  return { kind: 'data', data, rest: source.text.slice(source.endOffset) }
}

/** The edited text, if it says what was intended and nothing else changed. */
function verified(before: Data, source: YamlSource, edit: ConfigEdit): EditResult {
  const after = dataOf(source)
  const intended = structuredClone(before.data)
  const meant = intend(intended, edit)
  const same =
    after.kind === 'data' &&
    after.rest === before.rest &&
    samePlain(settle(after.data, edit), settle(intended, edit))
  if (meant && same) return { kind: 'edited', text: source.text }
  return {
    kind: 'refused',
    reason: 'the file is written in a way that this change would alter elsewhere',
    line: 1,
  }
}
