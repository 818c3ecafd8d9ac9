import { errorCodeOf } from './file-system.ts'

const KIND_OF_CODE = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  EACCES: 'no-permission',
  EPERM: 'no-permission',
  EROFS: 'read-only',
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EEXIST: 'exists',
} as const satisfies Record<string, string>

/** What a file or folder did not let us do. `path` is the one concerned, `code` the system's name for the reason. */
export type FileFault =
  | {
      readonly kind: (typeof KIND_OF_CODE)[keyof typeof KIND_OF_CODE] | 'io'
      readonly path: string
      readonly code: string
    }
  | { readonly kind: 'not-a-file'; readonly path: string }
  | { readonly kind: 'not-utf8'; readonly path: string }
  | { readonly kind: 'too-large'; readonly path: string; readonly limitBytes: number }
  /** The system took only a part of one write: the disk or a quota is full. */
  | {
      readonly kind: 'short-write'
      readonly path: string
      readonly wroteBytes: number
      readonly wantedBytes: number
    }
  /** The name leads to another file now than when it was opened: a link was turned. */
  | { readonly kind: 'moved'; readonly path: string; readonly to: string }
  /** A file of the state directory does not hold what was put there. */
  | { readonly kind: 'damaged'; readonly path: string }

export type Tried<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'fault'; readonly fault: FileFault }

/** Thrown and caught inside this room only, where one of several file calls in a row finds a fault without an error code. */
export class FileFaultError extends Error {
  readonly fault: FileFault
  constructor(fault: FileFault) {
    super(fault.kind)
    this.fault = fault
  }
}

/** Runs file calls that concern `path`; a system error becomes a fault, anything else is a defect and passes through. */
export async function tried<T>(path: string, action: () => Promise<T>): Promise<Tried<T>> {
  try {
    return { kind: 'ok', value: await action() }
  } catch (error) {
    if (error instanceof FileFaultError) return { kind: 'fault', fault: error.fault }
    const code = errorCodeOf(error)
    if (code === null) throw error
    return { kind: 'fault', fault: { kind: kindOf(code), path, code } }
  }
}

function kindOf(code: string): 'io' | (typeof KIND_OF_CODE)[keyof typeof KIND_OF_CODE] {
  return Object.hasOwn(KIND_OF_CODE, code) ? KIND_OF_CODE[code as keyof typeof KIND_OF_CODE] : 'io'
}
