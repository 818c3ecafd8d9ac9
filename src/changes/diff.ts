import { formatPatch, type StructuredPatch, structuredPatch } from 'diff'

/** What to show of a change. Secrets are masked on both sides; the text is safe for a terminal. */
export type MaskedDiff =
  | {
      readonly kind: 'unified'
      readonly text: string
      readonly addedLines: number
      readonly removedLines: number
    }
  | { readonly kind: 'none' }
  /** More than `limitLines` lines differ; a diff of that would not be read by anybody. */
  | { readonly kind: 'too-different'; readonly limitLines: number }

const CONTEXT_LINES = 3
const LIMIT_LINES = 2000

/**
 * The unified diff of two texts under one name. Lines are compared as they are and shown masked, so that a changed
 * secret shows as a changed line. A mask that does not keep the number of lines is applied before comparing; then
 * texts that differ in secrets alone give `none`.
 */
export function maskedDiff(
  name: string,
  before: string,
  after: string,
  mask: (text: string) => string,
): MaskedDiff {
  const maskedBefore = mask(before)
  const maskedAfter = mask(after)
  const keepsLines =
    lineCount(before) === lineCount(maskedBefore) && lineCount(after) === lineCount(maskedAfter)
  const patch = keepsLines ? compare(name, before, after) : compare(name, maskedBefore, maskedAfter)
  if (patch === undefined) return { kind: 'too-different', limitLines: LIMIT_LINES }
  if (patch.hunks.length === 0) return { kind: 'none' }
  const shown = keepsLines ? withLinesOf(patch, maskedBefore.split('\n'), maskedAfter.split('\n')) : patch
  for (const hunk of shown.hunks) hunk.lines = hunk.lines.map(showHidden)
  const all = shown.hunks.flatMap((hunk) => hunk.lines)
  return {
    kind: 'unified',
    text: formatPatch(shown, { includeIndex: false, includeUnderline: false, includeFileHeaders: true }),
    addedLines: all.filter((line) => line.startsWith('+')).length,
    removedLines: all.filter((line) => line.startsWith('-')).length,
  }
}

function compare(name: string, before: string, after: string): StructuredPatch | undefined {
  return structuredPatch(name, name, before, after, 'before', 'after', {
    context: CONTEXT_LINES,
    maxEditLength: LIMIT_LINES,
  })
}

function lineCount(text: string): number {
  return text.split('\n').length
}

/** The same hunks, each line taken by its number from the masked text. */
function withLinesOf(
  patch: StructuredPatch,
  before: readonly string[],
  after: readonly string[],
): StructuredPatch {
  const hunks = patch.hunks.map((hunk) => {
    let oldIndex = hunk.oldStart - 1
    let newIndex = hunk.newStart - 1
    const lines = hunk.lines.map((line) => {
      const sign = line.slice(0, 1)
      if (sign === '\\') return line
      if (sign === '-') return `-${before[oldIndex++] ?? ''}`
      if (sign === ' ') oldIndex++
      return `${sign}${after[newIndex++] ?? ''}`
    })
    return { ...hunk, lines }
  })
  return { ...patch, hunks }
}

// Controls but tab, and the marks that reorder or hide text in a terminal.
const HIDDEN = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** A reviewer should see that something hides in a line, so hidden characters are spelled out, not dropped. */
function showHidden(line: string): string {
  return line
    .replace(/\r$/, '')
    .replace(HIDDEN, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
