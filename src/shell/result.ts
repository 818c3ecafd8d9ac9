import type { ExitName } from '../core/exit-codes.ts'
import type { Report } from '../core/report.ts'

/** A command line that cannot be carried out, or must not be: what is wrong and what to type instead. */
export interface Refusal {
  readonly kind: 'refused'
  readonly exit: ExitName
  readonly message: string
  readonly next: string
}

/** What a command comes to. A report decides its own exit code; a text and a refusal name theirs. */
export type CommandResult =
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'text'; readonly text: string; readonly exit?: ExitName }
  | Refusal

export function usageError(message: string, next: string): Refusal {
  return { kind: 'refused', exit: 'usage', message, next }
}
