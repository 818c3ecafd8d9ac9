import { createHash } from 'node:crypto'
import { join } from 'node:path'
import * as z from 'zod/mini'
import type { CanaryHistory, CanaryRun } from '../checks/playbooks/canary-history.ts'
import { PLAYBOOK_NAMES } from '../checks/playbooks/playbook.ts'
import { recall, remember } from './files.ts'
import type { Invocation } from './invocation.ts'

const Entry = z.strictObject({ at: z.string(), what: z.string(), evidence: z.string() })
const Incident = z.strictObject({
  run: z.string(),
  playbook: z.enum(PLAYBOOK_NAMES),
  gateway: z.string(),
  timeline: z.array(Entry),
})
const Canaries = z.array(
  z.strictObject({ atMs: z.number(), model: z.string(), asked: z.number(), seen: z.number() }),
)

/** One line of an incident's timeline; `at` is RFC 3339, UTC. */
export type TimelineEntry = z.infer<typeof Entry>
/** An incident as `--resume` finds it again. */
export type RememberedIncident = z.infer<typeof Incident>

/** Names of incidents become file names and are typed by people. */
const RUN = /^incident-[a-z-]+-\d{8}-\d{6}-[0-9a-f]{4}$/

/** The incident of an earlier run; null when there is none of that name, or its file is not readable. */
export async function recallIncident({ world }: Invocation, run: string): Promise<RememberedIncident | null> {
  if (!RUN.test(run)) return null
  return recall(join(world.stateDir, 'incidents', `${run}.json`), Incident)
}

/** A failed write loses only memory. */
export async function rememberIncident(
  { world, redactor }: Invocation,
  incident: RememberedIncident,
): Promise<void> {
  const path = join(world.stateDir, 'incidents', `${incident.run}.json`)
  await remember(path, redactor.apply(`${JSON.stringify(incident, null, 2)}\n`))
}

const KEPT_CANARIES = 50

/** How the image canaries of one gateway did before. */
export function canaryHistory({ world }: Invocation, gateway: string): CanaryHistory {
  const name = createHash('sha256').update(gateway).digest('hex').slice(0, 24)
  const path = join(world.stateDir, 'canaries', `${name}.json`)
  const all = async (): Promise<CanaryRun[]> => (await recall(path, Canaries)) ?? []
  return {
    runs: async (model) => (await all()).filter((run) => run.model === model),
    add: async (run) => remember(path, JSON.stringify([...(await all()), run].slice(-KEPT_CANARIES))),
  }
}
