import type { ExitStyle } from '../core/exit-codes.ts'
import type { Outcome } from '../core/outcome.ts'

/** How a report is drawn. Together with the report it decides every byte, so that a replay can be equal. */
export interface Look {
  readonly color: boolean
  readonly unicode: boolean
  readonly columns: number
  readonly detail: Detail
  /** Which exit codes the process ends with, so that the one shown is the one that comes. */
  readonly exitStyle: ExitStyle
}

/** `quiet`: the verdict and what is wrong; `normal`; `verbose`: also why and where the evidence of a pass came from. */
export type Detail = 'quiet' | 'normal' | 'verbose'

export const GLYPHS = {
  pass: { unicode: '✔', ascii: 'ok' },
  warn: { unicode: '!', ascii: 'warn' },
  fail: { unicode: '✖', ascii: 'FAIL' },
  unknown: { unicode: '?', ascii: 'unkn' },
  skip: { unicode: '–', ascii: 'skip' },
  blocked: { unicode: '⊘', ascii: 'blkd' },
} as const satisfies Record<Outcome, { unicode: string; ascii: string }>
