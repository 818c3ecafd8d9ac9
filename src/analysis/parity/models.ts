import type { Endpoint } from '../../wire/routes.ts'
import type { ParityFault, ParityNote } from './verdict.ts'

export interface ModelJudgement {
  readonly faults: readonly ParityFault[]
  readonly notes: readonly ParityNote[]
}

/**
 * Compares the model each answer names with the other's and with the one asked for. The two have to agree, but for
 * `/v1/responses`, where gateways repeat the asked name on one side and give the upstream's on the other. A name
 * that was not asked for is no fault: it is what an alias looks like.
 */
export function judgeModels(
  endpoint: Endpoint,
  asked: string,
  plain: string | null,
  stream: string | null,
): ModelJudgement {
  const notes: ParityNote[] = []
  if (plain === null || stream === null) {
    if (plain === stream) return { faults: [], notes: [{ kind: 'model-unnamed', where: 'both' }] }
    notes.push({ kind: 'model-unnamed', where: plain === null ? 'plain' : 'stream' })
  } else if (plain !== stream) {
    const echoed = endpoint === 'responses' && (isSameModel(asked, plain) || isSameModel(asked, stream))
    if (!echoed) return { faults: [{ kind: 'model-differs', plain, stream }], notes }
    return { faults: [], notes: [{ kind: 'models-disagree', plain, stream }] }
  }
  const named = plain ?? stream ?? ''
  if (!isSameModel(asked, named)) {
    const where = plain === null ? 'stream' : stream === null ? 'plain' : 'both'
    notes.push({ kind: 'other-model', where, asked, named })
  }
  return { faults: [], notes }
}

/**
 * Whether an answer's model is the asked one: without the gateway's prefix (`team-a/glm`) and thinking suffix
 * (`gpt-5(high)`), and with or without the date of its release (`claude-sonnet-4-5-20250929`).
 */
export function isSameModel(asked: string, named: string): boolean {
  const wanted = asked.replace(/\([^()]*\)$/, '')
  const bare = wanted.slice(wanted.indexOf('/') + 1)
  return [wanted, bare].some((name) => name === named || name === named.replace(RELEASE_DATE, ''))
}

const RELEASE_DATE = /-\d{4}-?\d{2}-?\d{2}$/
