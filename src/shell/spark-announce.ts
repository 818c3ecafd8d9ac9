import { counted } from '../core/text.ts'
import type { Invocation } from './invocation.ts'

/** Says on stderr what is about to be spent, before it is spent; says nothing when that is nothing. */
export function announceRequests({ world, flags }: Invocation, count: number, models: string): void {
  if (count === 0 || flags.has('quiet')) return
  const cost = count === 1 ? 'costs' : 'cost'
  world.stderr.write(
    `provops: sending ${counted(count, 'request')} to ${models}, which ${cost} tokens; a refusal can bench a credential for 12 hours\n`,
  )
}
