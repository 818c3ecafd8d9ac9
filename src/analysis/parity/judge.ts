import type { Answer } from '../../wire/answers.ts'
import { compareCounts, type WholeAnswer } from './compare.ts'
import { type Lacks, lacksOf } from './lacks.ts'
import { judgeModels } from './models.ts'
import type {
  Explanation,
  ParityFault,
  ParityNote,
  ParityPair,
  ParityVerdict,
  Side,
  Unjudged,
  Where,
} from './verdict.ts'

/**
 * Judges whether a prompt costs the same tokens streamed and not (runbook, Stream/Non-Stream Usage Parity Check).
 * A pass needs the counts of both sides, stated and equal. A stream without its end is never equal, whatever its
 * numbers: the best it can be is `explained`, when the other side is sound.
 */
export function judgeParity({ endpoint, model, plain, stream }: ParityPair): ParityVerdict {
  const [first, second] = [readSide('plain', plain), readSide('stream', stream)]
  if (first.kind === 'unjudged') {
    const others = second.kind === 'unjudged' ? [second.why] : []
    return { kind: 'unknown', unjudged: [first.why, ...others] }
  }
  if (second.kind === 'unjudged') return { kind: 'unknown', unjudged: [second.why] }

  const plainLacks = lacksOf(endpoint, 'plain', first.answer)
  if (second.kind === 'cut') {
    const { faults, notes } = withoutTotal(plainLacks, 'plain')
    return verdictOf(faults, [{ kind: 'interrupted', interruption: second.answer.interruption }], notes)
  }
  const lacks = joined(plainLacks, lacksOf(endpoint, 'stream', second.answer))
  const compared = compareCounts(endpoint, first.answer, second.answer)
  const models = judgeModels(endpoint, model, first.answer.model, second.answer.model)
  return verdictOf([...lacks.faults, ...compared.faults, ...models.faults], compared.explanations, [
    ...lacks.notes,
    ...models.notes,
  ])
}

type CutStream = Answer & { readonly kind: 'interrupted' }

type PlainSide =
  | { readonly kind: 'whole'; readonly answer: WholeAnswer }
  | { readonly kind: 'unjudged'; readonly why: Unjudged }
type StreamSide = PlainSide | { readonly kind: 'cut'; readonly answer: CutStream }

function readSide(where: 'plain', answer: Answer): PlainSide
function readSide(where: 'stream', answer: Answer): StreamSide
function readSide(where: Side, answer: Answer): StreamSide {
  switch (answer.kind) {
    case 'complete':
    case 'incomplete':
      return { kind: 'whole', answer }
    case 'refused':
      return { kind: 'unjudged', why: { kind: 'refused', where, refusal: answer.refusal } }
    case 'unreadable':
      return { kind: 'unjudged', why: { kind: 'unreadable', where, why: answer.why, head: answer.head } }
    case 'interrupted': {
      const { interruption } = answer
      if (interruption.kind === 'stopped') {
        return { kind: 'unjudged', why: { kind: 'stopped', where, reason: interruption.reason } }
      }
      // A plain answer is whole or it is none.
      return where === 'stream'
        ? { kind: 'cut', answer }
        : { kind: 'unjudged', why: { kind: 'unreadable', where, why: 'not-finished', head: '' } }
    }
  }
}

/** A total that nobody states is no difference, as long as input and output are stated. */
function withoutTotal(lacks: Lacks, where: Where): Lacks {
  const missing = lacks.faults.filter((fault) => fault.kind === 'missing')
  const [only] = missing
  if (missing.length !== 1 || only?.field !== 'total' || only.where !== where) return lacks
  return {
    faults: lacks.faults.filter((fault) => fault !== only),
    notes: [...lacks.notes, { kind: 'total-not-stated' }],
  }
}

/** Lacks of both sides, the same ones said once. */
function joined(plain: Lacks, stream: Lacks): Lacks {
  const shared = stream.faults.filter((fault) => plain.faults.some((other) => isSameLack(fault, other)))
  const isOwn = (fault: ParityFault) => !shared.some((other) => isSameLack(fault, other))
  const faults = [
    ...shared.map((fault): ParityFault => ('field' in fault ? { ...fault, where: 'both' } : fault)),
    ...plain.faults.filter(isOwn),
    ...stream.faults.filter(isOwn),
  ]
  return withoutTotal({ faults, notes: [...plain.notes, ...stream.notes] }, 'both')
}

function isSameLack(one: ParityFault, other: ParityFault): boolean {
  return one.kind === other.kind && 'field' in one && 'field' in other && one.field === other.field
}

function verdictOf(
  faults: readonly ParityFault[],
  explanations: readonly Explanation[],
  notes: readonly ParityNote[],
): ParityVerdict {
  const [fault, ...otherFaults] = faults
  if (fault !== undefined) return { kind: 'fail', faults: [fault, ...otherFaults], explanations, notes }
  const [explanation, ...others] = explanations
  return explanation === undefined
    ? { kind: 'pass', notes }
    : { kind: 'explained', explanations: [explanation, ...others], notes }
}
