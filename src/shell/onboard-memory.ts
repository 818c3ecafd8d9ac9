import { createHash } from 'node:crypto'
import { join } from 'node:path'
import * as z from 'zod/mini'
import type { Newcomer } from '../analysis/onboarding/spec.ts'
import { type Target, targetName } from '../changes/change.ts'
import { recall, remember } from './files.ts'
import type { Invocation } from './invocation.ts'

const Proof = z.strictObject({
  newcomer: z.string(),
  runId: z.nullable(z.string()),
  monitoredMs: z.number(),
  endedAt: z.string(),
  saw: z.string(),
})

/** That a provider was watched to a good end, so that running again changes nothing and need not watch as long again. */
export type OnboardProof = z.output<typeof Proof>

function pathOf({ world }: Invocation, target: Target, { name }: Newcomer): string {
  const hash = createHash('sha256')
    .update(`${targetName(target)}\n${name.toLowerCase()}`)
    .digest('hex')
  return join(world.stateDir, 'onboard', `${hash.slice(0, 24)}.json`)
}

/** Null where there is none, or one of another plan under the same name. */
export async function readProof(
  invocation: Invocation,
  target: Target,
  newcomer: Newcomer,
): Promise<OnboardProof | null> {
  const proof = await recall(pathOf(invocation, target, newcomer), Proof)
  return proof?.newcomer === JSON.stringify(newcomer) ? proof : null
}

/** A failed write costs only that the next run watches again. */
export async function keepProof(
  invocation: Invocation,
  target: Target,
  newcomer: Newcomer,
  proof: Omit<OnboardProof, 'newcomer'>,
): Promise<void> {
  const text = `${JSON.stringify({ newcomer: JSON.stringify(newcomer), ...proof }, null, 2)}\n`
  await remember(pathOf(invocation, target, newcomer), invocation.redactor.apply(text))
}
