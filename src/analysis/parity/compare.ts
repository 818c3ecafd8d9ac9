import { sameText } from '../../wire/answer-content.ts'
import type { Answer } from '../../wire/answers.ts'
import type { Endpoint } from '../../wire/routes.ts'
import { stated } from '../../wire/usage.ts'
import { hasUncountedOutput, promptOf, soundTotal } from './lacks.ts'
import type { Explanation, ParityFault } from './verdict.ts'

/** An answer that was delivered whole. */
export type WholeAnswer = Answer & { readonly kind: 'complete' | 'incomplete' }

export interface Comparison {
  readonly faults: readonly ParityFault[]
  readonly explanations: readonly Explanation[]
}

const SAME: Comparison = { faults: [], explanations: [] }

/**
 * Compares the counts that both sides state. A count that is zero for something is left out: that is a lack of its
 * side already.
 */
export function compareCounts(endpoint: Endpoint, plain: WholeAnswer, stream: WholeAnswer): Comparison {
  const parts = [
    compareNames(plain, stream),
    compareInput(endpoint, plain, stream),
    compareOutput(plain, stream),
    compareTotal(endpoint, plain, stream),
  ]
  return {
    faults: parts.flatMap((part) => part.faults),
    explanations: parts.flatMap((part) => part.explanations),
  }
}

function compareNames({ usage: plain }: WholeAnswer, { usage: stream }: WholeAnswer): Comparison {
  const names = [plain.vocabulary, stream.vocabulary]
  if (names.includes('none')) return SAME
  if (plain.vocabulary === stream.vocabulary && plain.vocabulary !== 'mixed') return SAME
  return fault({ kind: 'names-differ', plain: plain.vocabulary, stream: stream.vocabulary })
}

/** Input is no matter of chance: the same prompt costs the same. */
function compareInput(endpoint: Endpoint, plain: WholeAnswer, stream: WholeAnswer): Comparison {
  const [one, other] = [stated(plain.usage.input), stated(stream.usage.input)]
  const [prompt, otherPrompt] = [promptOf(endpoint, plain.usage), promptOf(endpoint, stream.usage)]
  if (one === null || other === null || prompt === null || otherPrompt === null) return SAME
  if (one === other || prompt === 0 || otherPrompt === 0) return SAME
  return prompt === otherPrompt
    ? explained({ kind: 'cache-differs', prompt })
    : fault({ kind: 'input-differs', plain: one, stream: other })
}

function compareOutput(plain: WholeAnswer, stream: WholeAnswer): Comparison {
  const [one, other] = [stated(plain.usage.output), stated(stream.usage.output)]
  if (one === null || other === null || one === other) return SAME
  if ([plain, stream].some(hasUncountedOutput)) return SAME
  const why = whyOutputDiffers(plain, stream)
  return why === null ? fault({ kind: 'output-differs', plain: one, stream: other }) : explained(why)
}

function whyOutputDiffers(plain: WholeAnswer, stream: WholeAnswer): Explanation | null {
  const [cut, otherCut] = [plain.kind === 'incomplete', stream.kind === 'incomplete']
  if (cut || otherCut) {
    const where = cut && otherCut ? 'both' : cut ? 'plain' : 'stream'
    const reason = plain.kind === 'incomplete' ? plain.reason : (stream as IncompleteAnswer).reason
    return { kind: 'incomplete', where, reason }
  }
  const { content } = plain
  const said = sameText(content.text, stream.content.text)
  if (!said || !sameText(content.toolCalls, stream.content.toolCalls)) {
    return { kind: 'answers-differ', plain: content, stream: stream.content }
  }
  return reasoned(plain) || reasoned(stream) ? reasoningDiffers(plain, stream) : null
}

type IncompleteAnswer = Answer & { readonly kind: 'incomplete' }

function reasoned({ usage, content }: WholeAnswer): boolean {
  return (stated(usage.reasoning) ?? 0) > 0 || content.reasoning.chars > 0
}

function reasoningDiffers(plain: WholeAnswer, stream: WholeAnswer): Explanation {
  return {
    kind: 'reasoning-differs',
    plain: stated(plain.usage.reasoning),
    stream: stated(stream.usage.reasoning),
  }
}

/** With equal input and output, sound totals can differ only by reasoning that stands beside the output. */
function compareTotal(endpoint: Endpoint, plain: WholeAnswer, stream: WholeAnswer): Comparison {
  const [one, other] = [soundTotal(endpoint, plain), soundTotal(endpoint, stream)]
  if (one === null || other === null || one.total === other.total || one.sum !== other.sum) return SAME
  return explained(reasoningDiffers(plain, stream))
}

function fault(found: ParityFault): Comparison {
  return { faults: [found], explanations: [] }
}

function explained(found: Explanation): Comparison {
  return { faults: [], explanations: [found] }
}
