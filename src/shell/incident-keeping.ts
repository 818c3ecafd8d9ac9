import { writeFile } from 'node:fs/promises'
import { MOST_ASKED } from '../checks/playbooks/ask.ts'
import type { IncidentContext } from '../checks/playbooks/incident-context.ts'
import type { Playbook } from '../checks/playbooks/playbook.ts'
import { errorCode } from '../core/error-code.ts'
import type { Report } from '../core/report.ts'
import { counted } from '../core/text.ts'
import { scopeOf } from './incident-context.ts'
import { rememberIncident, type TimelineEntry } from './incident-memory.ts'
import { handoverMarkdown } from './incident-timeline.ts'
import type { Invocation } from './invocation.ts'
import { commandHere } from './next-commands.ts'
import { expandPath } from './paths.ts'

/** A playbook on its way, perhaps begun in an earlier run. */
export interface Incident {
  readonly playbook: Playbook
  readonly run: string
  readonly earlier: readonly TimelineEntry[]
}

/** What may be spent, before it is spent. */
export function announceProbes(
  invocation: Invocation,
  playbook: Playbook,
  probing: IncidentContext['probing'],
): void {
  const named = scopeOf(invocation).models.length
  // Without a name the playbook chooses its models itself, up to its own limit.
  const once = playbook.mostProbes(named === 0 ? Number.POSITIVE_INFINITY : named)
  // A change is preceded by a question to the fallback, and followed by the same once more.
  const most = invocation.flags.has('apply') ? 2 * once + MOST_ASKED : once
  if (probing === 'off' || most === 0 || invocation.flags.has('quiet')) return
  invocation.world.stderr.write(
    `provops: sending at most ${counted(most, 'request')} that cost tokens; a refusal can bench a credential for up to 12 hours\n`,
  )
}

/** Remembers the incident for --resume, and writes the ticket of --handover. */
export async function keepIncident(
  invocation: Invocation,
  { run, playbook }: Incident,
  report: Report,
  timeline: readonly TimelineEntry[],
  owner: string,
  gateway: string,
): Promise<void> {
  await rememberIncident(invocation, { run, playbook: playbook.name, gateway, timeline: [...timeline] })
  const file = invocation.flags.text('handover')
  if (file === undefined) return
  const { world, redactor } = invocation
  const path = expandPath(file, world.home, world.cwd)
  const text = handoverMarkdown({
    run,
    playbook: playbook.name,
    owner,
    report,
    timeline,
    goOn: commandHere(`provops incident ${playbook.name} --resume ${run}`, invocation),
  })
  try {
    await writeFile(path, redactor.apply(text), { mode: 0o600 })
    if (!invocation.flags.has('quiet')) world.stderr.write(`provops: the ticket is in ${path}\n`)
  } catch (error) {
    const code = errorCode(error) ?? 'error'
    world.stderr.write(
      `provops: cannot write ${path}: ${code}; give --handover a file in a folder that can be written\n`,
    )
  }
}
