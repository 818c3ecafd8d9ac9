import type { IncidentContext } from '../checks/playbooks/incident-context.ts'
import { type Diagnosis, diagnosisOf, type Playbook, type Remedy } from '../checks/playbooks/playbook.ts'
import { factsOf } from '../checks/playbooks/read-facts.ts'
import { endingIds, isMachine, ownerWords } from '../checks/playbooks/steps.ts'
import type { CheckInfo, Judgement } from '../core/check.ts'
import { type Finding, findingOf } from '../core/finding.ts'
import { type Attachment, makeReport } from '../core/report.ts'
import { runChecks } from '../core/runner.ts'
import { close } from './change-flow.ts'
import { openLastingSession } from './change-session.ts'
import { startRunEnd } from './change-terms.ts'
import { applyRemedies, type Changing, type MachineRemedy } from './incident-change.ts'
import { incidentContext } from './incident-context.ts'
import { announceProbes, type Incident, keepIncident } from './incident-keeping.ts'
import type { TimelineEntry } from './incident-memory.ts'
import { burstEntries, entryOf, findingEntries, orderedTimeline, timelineTable } from './incident-timeline.ts'
import type { Invocation } from './invocation.ts'
import { keepReport } from './judge.ts'
import type { CommandResult } from './result.ts'
import type { Session } from './session.ts'

/** What came of a playbook that was carried out to its end. */
export interface Carried {
  /** What the playbook found before anything was changed. */
  readonly before: readonly Finding[]
  readonly findings: readonly Finding[]
  readonly attachments: readonly Attachment[]
  readonly timeline: readonly TimelineEntry[]
  readonly owner: string
}

/** `--apply`: reads, decides, carries out the first remedy that needs no person, and verifies that the symptom is gone. */
export async function applyPlaybook(invocation: Invocation, incident: Incident): Promise<CommandResult> {
  const probing = invocation.flags.has('no-probe') ? 'off' : 'allowed'
  announceProbes(invocation, incident.playbook, probing)
  const session = await openLastingSession(invocation)
  if (session.kind === 'refused') return session
  const { clock } = invocation.world
  const startedAtMs = clock.nowMs()
  try {
    const carried = await carryOutPlaybook(invocation, session, incident, probing)
    const { findings, timeline } = carried
    const report = invocation.redactor.applyTo(
      makeReport(
        {
          command: `incident ${incident.playbook.name}`,
          gateway: await session.identity(),
          startedAtMs,
          requests: { ...session.gateway.tally },
          findings,
          attachments: [...carried.attachments, timelineTable(incident.run, timeline)],
          failOn: invocation.settings.values['fail-on'],
        },
        clock,
      ),
    )
    await keepIncident(invocation, incident, report, timeline, carried.owner, session.gateway.url)
    return await keepReport(report, invocation, session)
  } finally {
    await session.close()
  }
}

/** From the symptom to its verified end, or to where a person has to go on. */
export async function carryOutPlaybook(
  invocation: Invocation,
  session: Session,
  incident: Pick<Incident, 'playbook' | 'earlier'>,
  probing: IncidentContext['probing'],
): Promise<Carried> {
  const end = startRunEnd(invocation)
  try {
    return await carryOutUntil(end.signal, invocation, session, incident, probing)
  } finally {
    end.cancel()
  }
}

async function carryOutUntil(
  signal: AbortSignal,
  invocation: Invocation,
  session: Session,
  { playbook, earlier }: Pick<Incident, 'playbook' | 'earlier'>,
  probing: IncidentContext['probing'],
): Promise<Carried> {
  const { clock } = invocation.world
  const context = incidentContext(invocation, session, probing)
  const before = await runChecks(playbook.steps, { context, clock, signal })
  const bursts = burstEntries(await factsOf(context, signal))
  const owner = ownerWords(context, playbook.name)
  const found = [...earlier, ...bursts, ...findingEntries(before, clock.nowMs())]
  const diagnosis = await diagnosisOf(playbook, context, signal)
  const remedies = chosen(diagnosis.remedies)
  if (remedies.length === 0)
    return { before, findings: before, attachments: [], timeline: orderedTimeline(found), owner }
  const attachments: Attachment[] = []
  const change: Changing = { invocation, session, playbook, attachments, flow: null, undo: null }
  try {
    return await changeAndVerify(
      change,
      { before, found, diagnosis, remedies, owner, context, probing },
      signal,
    )
  } finally {
    if (change.flow) await close(change.flow)
  }
}

interface Decided {
  readonly before: readonly Finding[]
  readonly found: readonly TimelineEntry[]
  readonly diagnosis: Diagnosis
  readonly remedies: readonly MachineRemedy[]
  readonly owner: string
  readonly context: IncidentContext
  readonly probing: IncidentContext['probing']
}

async function changeAndVerify(
  change: Changing,
  { before, found, diagnosis, remedies, owner, context, probing }: Decided,
  signal: AbortSignal,
): Promise<Carried> {
  const { invocation, session, playbook, attachments } = change
  const { clock } = invocation.world
  const applied = await timed(invocation, infoOf(playbook, 'applied'), () =>
    applyRemedies(change, remedies, context, signal),
  )
  const verified = await timed(invocation, infoOf(playbook, 'verified'), () =>
    applied.outcome === 'pass'
      ? verify({ invocation, session, playbook, probing, models: diagnosis.models }, signal)
      : Promise.resolve<Judgement>({
          outcome: 'skip',
          saw: 'nothing was changed',
          next: 'see the step before',
        }),
  )
  const ended = [applied, verified]
  // A change that cures nothing must not stay; one whose effect could not be seen is the operator's to judge.
  if (verified.outcome === 'fail' && change.undo !== null)
    ended.push(await timed(invocation, infoOf(playbook, 'rollback'), change.undo))
  return {
    before,
    findings: [...diagnosed(before, playbook, verified), ...ended],
    attachments,
    timeline: orderedTimeline([...found, ...ended.map((finding) => entryOf(finding, clock.nowMs()))]),
    owner,
  }
}

/** The first machine remedy; of resets of cooldowns all, since each is for one credential. */
function chosen(remedies: readonly Remedy[]): readonly MachineRemedy[] {
  const machine = remedies.filter(isMachine)
  const [first] = machine
  if (first === undefined) return []
  return first.kind === 'reset-quota' ? machine.filter(({ kind }) => kind === 'reset-quota') : [first]
}

async function timed(
  invocation: Invocation,
  info: CheckInfo,
  work: () => Promise<Judgement>,
): Promise<Finding> {
  const { clock } = invocation.world
  const startMs = clock.nowMs()
  return findingOf(info, await work(), clock.nowMs() - startMs)
}

const STEP_TITLES = {
  applied: 'the proposed change is made',
  verified: 'the symptom is gone',
  rollback: 'a change that cures nothing is taken back',
} as const
const STEP_QUESTIONS: Readonly<Record<keyof typeof STEP_TITLES, string>> = {
  applied: 'Was the first proposal carried out?',
  verified: 'Does the gateway itself show that the symptom is gone?',
  rollback: 'Is the configuration again as it was?',
}

function infoOf({ name, runbook }: Playbook, step: keyof typeof STEP_TITLES): CheckInfo {
  return {
    id: `${name}.${step}`,
    title: STEP_TITLES[step],
    group: name,
    asks: STEP_QUESTIONS[step],
    why: 'A change that was accepted proves nothing.',
    cost: 'tokens',
    fix: 'provops undo takes the change back.',
    runbook,
  }
}

/** What the playbook had found, once the symptom is gone: still told, no longer a reason to fail. */
function diagnosed(before: readonly Finding[], { name }: Playbook, verified: Finding): readonly Finding[] {
  const kept = before.filter(({ id }) => !endingIds(name).some((ending) => id === ending))
  if (verified.outcome !== 'pass') return kept
  return kept.map((finding) =>
    finding.outcome === 'fail' || finding.outcome === 'unknown'
      ? {
          ...finding,
          outcome: 'warn',
          cause: null,
          saw: `before the change: ${finding.saw}`,
          next: 'see the last step',
        }
      : finding,
  )
}

interface Verifying {
  readonly invocation: Invocation
  readonly session: Session
  readonly playbook: Playbook
  readonly probing: IncidentContext['probing']
  readonly models: readonly string[]
}

async function verify(
  { invocation, session, playbook, probing, models }: Verifying,
  signal: AbortSignal,
): Promise<Judgement> {
  session.gateway.forget()
  const verdict = await playbook.verify(incidentContext(invocation, session, probing), models, signal)
  const expected = 'the symptom is gone'
  switch (verdict.kind) {
    case 'gone':
      return { outcome: 'pass', saw: verdict.saw }
    case 'still-there':
      return {
        outcome: 'fail',
        saw: verdict.saw,
        expected,
        why: 'the change did not cure it',
        next: 'provops undo takes the change back; then the next proposal',
      }
    case 'not-known':
      return {
        outcome: 'unknown',
        saw: verdict.saw,
        expected,
        why: 'a change whose effect was not seen is not proven',
        next: verdict.next,
      }
  }
}
