import type { IncidentContext } from '../checks/playbooks/incident-context.ts'
import { diagnosisOf, PLAYBOOK_NAMES } from '../checks/playbooks/playbook.ts'
import { factsOf } from '../checks/playbooks/read-facts.ts'
import { ownerWords } from '../checks/playbooks/steps.ts'
import { PLAYBOOKS } from '../checks/playbooks/table.ts'
import { rankingTables, TRIAGE_CHECKS } from '../checks/triage.ts'
import { nearest } from '../core/near.ts'
import type { Attachment } from '../core/report.ts'
import { newRunId } from './change-terms.ts'
import { givenPathsProblem } from './given-paths.ts'
import { applyPlaybook } from './incident-apply.ts'
import { incidentContext } from './incident-context.ts'
import { announceProbes, type Incident, keepIncident } from './incident-keeping.ts'
import { type RememberedIncident, recallIncident, type TimelineEntry } from './incident-memory.ts'
import {
  burstEntries,
  diagnosisEntry,
  findingEntries,
  orderedTimeline,
  timelineTable,
} from './incident-timeline.ts'
import type { Invocation } from './invocation.ts'
import { judge } from './judge.ts'
import { nextHere } from './next-commands.ts'
import { withoutTimes } from './own-times.ts'
import { type CommandResult, type Refusal, usageError } from './result.ts'

/** Triage has none of these, and whoever gives one waits for what it does. */
const OF_A_PLAYBOOK = ['apply', 'handover', 'probe'] as const

/** `provops incident [playbook]`: triage without a name, else the playbook. */
export async function runIncident(invocation: Invocation): Promise<CommandResult> {
  const { flags, args } = invocation
  if (flags.has('list') && args[0] === undefined) return { kind: 'text', text: playbookLines() }
  if (flags.has('proposal') && !flags.has('apply'))
    return usageError(
      '--proposal says what --apply carries out, and --apply is not given',
      nextHere(
        `provops incident ${args[0] ?? '<playbook>'} --apply --proposal ${flags.text('proposal')}`,
        invocation,
      ),
    )
  const problem = await givenPathsProblem(invocation, ['config-file', 'auth-dir', 'logs'])
  if (problem !== null) return problem
  const resumed = await resumedIncident(invocation)
  if (resumed !== null && 'kind' in resumed) return resumed
  const name = args[0] ?? resumed?.playbook
  if (name === undefined) {
    const alone = OF_A_PLAYBOOK.find((flag) => flags.has(flag))
    return alone === undefined
      ? triage(invocation)
      : usageError(`--${alone} wants a playbook, and none is named`, 'provops incident --list')
  }
  const playbook = PLAYBOOK_NAMES.find((one) => one === name)
  if (playbook === undefined) return unknownPlaybook(name)
  if (resumed !== null && resumed.playbook !== playbook)
    return usageError(
      `${resumed.run} is an incident of ${resumed.playbook}`,
      nextHere(`provops incident ${resumed.playbook} --resume ${resumed.run}`, invocation),
    )
  const incident: Incident = {
    playbook: PLAYBOOKS[playbook],
    run: resumed?.run ?? newRunId(`incident-${playbook}`, invocation.world),
    earlier: resumed?.timeline ?? [],
  }
  return flags.has('apply') ? applyPlaybook(invocation, incident) : openPlaybook(invocation, incident)
}

function playbookLines(): string {
  const width = Math.max(...PLAYBOOK_NAMES.map((name) => name.length))
  return PLAYBOOK_NAMES.map((name) => `${name.padEnd(width)}  ${PLAYBOOKS[name].symptom}\n`).join('')
}

function unknownPlaybook(name: string): Refusal {
  const near = nearest(name, PLAYBOOK_NAMES)
  return usageError(
    `there is no playbook ${name}${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}`,
    'provops incident --list',
  )
}

async function resumedIncident(invocation: Invocation): Promise<RememberedIncident | Refusal | null> {
  const run = invocation.flags.text('resume')
  if (run === undefined) return null
  return (
    (await recallIncident(invocation, run)) ??
    usageError(
      `there is no incident ${run} in the state directory`,
      'take the name from the title of its timeline',
    )
  )
}

function triage(invocation: Invocation): Promise<CommandResult> {
  const abort = new AbortController().signal
  return judge<IncidentContext>(invocation, {
    name: 'incident',
    checks: TRIAGE_CHECKS,
    fold: withoutTimes,
    context: async (session) => incidentContext(invocation, session, 'off'),
    attachments: (context) => rankingTables(context, abort),
  })
}

/** Without `--apply`: reads and decides, and probes only when told to. */
function openPlaybook(invocation: Invocation, incident: Incident): Promise<CommandResult> {
  const { flags, world } = invocation
  const { playbook } = incident
  const probing = flags.has('probe') && !flags.has('no-probe') ? 'allowed' : 'off'
  if (!flags.has('list')) announceProbes(invocation, playbook, probing)
  let timeline: readonly TimelineEntry[] = incident.earlier
  const title = { run: incident.run }
  return judge<IncidentContext>(invocation, {
    name: `incident ${playbook.name}`,
    checks: playbook.steps,
    fold: withoutTimes,
    context: async (session) => incidentContext(invocation, session, probing),
    attachments: async (context): Promise<Attachment[]> => {
      const { signal } = new AbortController()
      const facts = await factsOf(context, signal)
      // Some steps alone do not decide, and to decide may cost tokens.
      const diagnosed =
        flags.has('only') || flags.has('skip')
          ? []
          : [diagnosisEntry(await diagnosisOf(playbook, context, signal), facts)]
      timeline = orderedTimeline([...incident.earlier, ...burstEntries(facts), ...diagnosed])
      return timeline.length === 0 ? [] : [timelineTable(title.run, timeline)]
    },
    conclude: async (report, context, session) => {
      const found = findingEntries(report.findings, world.clock.nowMs())
      timeline = orderedTimeline([...timeline, ...found])
      await keepIncident(
        invocation,
        incident,
        report,
        timeline,
        ownerWords(context, playbook.name),
        session.gateway.url,
      )
    },
  })
}
