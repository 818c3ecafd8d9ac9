import { errorCode } from '../../core/error-code.ts'
/** Why the gateway did not start. */
export interface StartProblem {
  readonly what: string
  /** What to do about it. */
  readonly next: string
}

/** The member of a result union that says why not. */
export function refused(what: string, next: string): { kind: 'refused'; problem: StartProblem } {
  return { kind: 'refused', problem: { what, next } }
}

/** The system's name of an error, e.g. `EACCES`; its message may hold paths and is not used. */
export function codeOf(error: unknown): string {
  return errorCode(error) ?? 'unknown error'
}
