import type { Explanation, ParityFault, ParityNote, Unjudged } from '../analysis/parity/verdict.ts'
import { printable } from '../core/text.ts'
import type { Interruption } from '../wire/answers.ts'
import { refusalSaw } from './refusal-words.ts'

const SIDES = { plain: 'non-stream', stream: 'stream', both: 'both sides' } as const

/** One fault as a reader of the runbook would say it. */
export function faultText(fault: ParityFault): string {
  switch (fault.kind) {
    case 'missing':
      return `${fault.field} is missing on ${SIDES[fault.where]}`
    case 'null':
      return `${fault.field} is null on ${SIDES[fault.where]}`
    case 'invalid':
      return `${fault.field} is no number on ${SIDES[fault.where]}`
    case 'zero':
      return `${fault.field} is 0 on ${SIDES[fault.where]} although there was something to count`
    case 'input-differs':
      return `input differs: ${fault.plain} non-stream, ${fault.stream} stream`
    case 'output-differs':
      return `output differs for the same answer: ${fault.plain} non-stream, ${fault.stream} stream`
    case 'total-not-sum':
      return `total ${fault.total} is not the sum ${fault.sum} on ${SIDES[fault.where]}`
    case 'names-differ':
      return `the field names differ: ${fault.plain} non-stream, ${fault.stream} stream`
    case 'model-differs':
      return `two models answered: ${printable(fault.plain, 60)} non-stream, ${printable(fault.stream, 60)} stream`
  }
}

export function explanationText(explanation: Explanation): string {
  switch (explanation.kind) {
    case 'interrupted':
      return `the stream was interrupted (${interruptionText(explanation.interruption)})`
    case 'incomplete':
      return `${SIDES[explanation.where]} stopped short (${explanation.reason})`
    case 'answers-differ':
      return 'the answers differ, so their output tokens may'
    case 'reasoning-differs':
      return 'the same answer after another amount of reasoning'
    case 'cache-differs':
      return 'the prompt is split differently between cached and not'
  }
}

function interruptionText(interruption: Interruption): string {
  switch (interruption.kind) {
    case 'error-frame':
      return refusalSaw(interruption.refusal)
    case 'no-terminal':
      return `it ended without its terminal event, after ${interruption.lastEvent ?? 'an unnamed event'}`
    case 'connection':
    case 'stopped':
      return printable(interruption.reason, 80)
  }
}

export function noteText(note: ParityNote): string {
  switch (note.kind) {
    case 'other-model':
      return `asked ${note.asked}, answered as ${printable(note.named, 60)} (${SIDES[note.where]})`
    case 'models-disagree':
      return `non-stream names ${printable(note.plain, 60)}, stream ${printable(note.stream, 60)}`
    case 'model-unnamed':
      return `${SIDES[note.where]} names no model`
    case 'total-not-stated':
      return 'no total is stated'
    case 'reasoning-beside-output':
      return `total holds ${note.reasoning} reasoning tokens beside the output (${SIDES[note.where]})`
  }
}

const UNREADABLE_WORDS = {
  html: 'an HTML page',
  'half-json': 'JSON that is cut off',
  'not-json': 'something that is no JSON',
  'other-shape': 'an answer of another endpoint',
  'not-finished': 'an answer that says it is not finished',
  'event-stream': 'an event stream where JSON was asked for',
  'not-a-stream': 'JSON where a stream was asked for',
  'garbled-stream': 'events without JSON',
  'event-too-large': 'an event larger than the limit',
  'cut-at-once': 'nothing before the connection broke',
} as const

export function unjudgedText(unjudged: Unjudged): string {
  const side = SIDES[unjudged.where]
  switch (unjudged.kind) {
    case 'refused':
      return `${side}: ${refusalSaw(unjudged.refusal)}`
    case 'unreadable':
      return `${side}: ${UNREADABLE_WORDS[unjudged.why]}`
    case 'stopped':
      return `${side}: given up here (${printable(unjudged.reason, 80)})`
  }
}
