import { GO_DURATION, goDurationMs } from './go-duration.ts'

/** A provider's refusal. The client may have got it, or another credential's success. */
export interface UpstreamFailureMessage {
  readonly kind: 'upstream-failure'
  readonly provider: string
  /** The provider's name for the model. */
  readonly model: string
  readonly credential: string
  readonly status: number | null
  readonly error: string
}

/**
 * Model, credential and the start of the error stand in the first few hundred characters. More would let a hostile
 * line cost time by the square of its length (contract, files 4.7, "Performance").
 */
export const MESSAGE_HEAD_LENGTH = 4096

/** What every such message holds, and what it begins with when it has no status. */
export const FAILURE_TEXT = 'upstream execution failed: provider='
const MODEL = ' model='
const CREDENTIAL = ' auth='
const ERROR = ' err='
const DURATION = ' duration='

const STATUS_BEFORE = new RegExp(`^ *([1-5]\\d{2}) *\\| *${GO_DURATION} *\\| *${FAILURE_TEXT}`)
const WHITE_SPACE = /\s/

const OPENAI_COMPATIBLE = 'openai-compatible-'

/**
 * Reads a message in the form
 *
 *     [<status> | <latency> | ]upstream execution failed: provider=P model=M auth=A[ duration=D] err=E
 *
 * Null for any other text. A failing provider fills a log with such lines, and the one expression of the contract
 * (files 4.7, `UPFAIL`), which this takes the same texts as, costs several times more.
 */
export function readUpstreamFailure(text: string): UpstreamFailureMessage | null {
  const head = text.length > MESSAGE_HEAD_LENGTH ? text.slice(0, MESSAGE_HEAD_LENGTH) : text
  if (head.startsWith(FAILURE_TEXT)) return readFields(head, FAILURE_TEXT.length, null)
  const before = STATUS_BEFORE.exec(head)
  return before === null ? null : readFields(head, before[0].length, Number(before[1]))
}

/** `at` is where the provider begins. */
function readFields(text: string, at: number, status: number | null): UpstreamFailureMessage | null {
  const model = text.indexOf(MODEL, at)
  const credential = model < 0 ? -1 : text.indexOf(CREDENTIAL, model + MODEL.length)
  const error = credential < 0 ? -1 : text.indexOf(ERROR, credential + CREDENTIAL.length)
  if (error < 0) return null
  const provider = text.slice(at, model)
  if (WHITE_SPACE.test(provider)) return null
  return {
    kind: 'upstream-failure',
    provider: displayProvider(provider),
    model: text.slice(model + MODEL.length, credential),
    credential: text.slice(credential + CREDENTIAL.length, endOfCredential(text, credential, error)),
    status,
    error: text.slice(error + ERROR.length),
  }
}

/** The duration between the two can be missing. */
function endOfCredential(text: string, credential: number, error: number): number {
  const duration = text.lastIndexOf(DURATION, error - DURATION.length)
  if (duration < credential + CREDENTIAL.length) return error
  return goDurationMs(text.slice(duration + DURATION.length, error)) === null ? error : duration
}

/** The provider's own name, without what the gateway puts before those of its OpenAI-compatible entries. */
export function displayProvider(provider: string): string {
  return provider.startsWith(OPENAI_COMPATIBLE) ? provider.slice(OPENAI_COMPATIBLE.length) : provider
}
