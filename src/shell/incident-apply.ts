import { type EndStep, mitigated, stepInfo, stillTold } from '../checks/playbooks/after-change.ts'
import type { IncidentContext } from '../checks/playbooks/incident-context.ts'
import { type Diagnosis, diagnosisOf, type Playbook } from '../checks/playbooks/playbook.ts'
import { proveRemedy } from '../checks/playbooks/proof.ts'
import { defaultProposal, type Proposal, proposalsOf } from '../checks/playbooks/proposals.ts'
import { factsOf } from '../checks/playbooks/read-facts.ts'
import { ownerWords } from '../checks/playbooks/steps.ts'
import type { Judgement } from '../core/check.ts'
import { type Finding, findingOf } from '../core/finding.ts'
import type { Attachment } from '../core/report.ts'
import { runChecks } from '../core/runner.ts'
import { close } from './change-flow.ts'
import { openLastingSession } from './change-session.ts'
import { startRunEnd } from './change-terms.ts'
import { withoutTemporaryPaths } from './embedded-names.ts'
import { applyProposal, type Changing } from './incident-change.ts'
import { incidentContext } from './incident-context.ts'
import { announceProbes, type Incident, keepIncident } from './incident-keeping.ts'
import type { TimelineEntry } from './incident-memory.ts'
import {
  burstEntries,
  diagnosisEntry,
  entryOf,
  findingEntries,
  orderedTimeline,
  timelineTable,
} from './incident-timeline.ts'
import type { Invocation } from './invocation.ts'
import { keepReport } from './judge.ts'
import { nextHere } from './next-commands.ts'
import { withoutTimes } from './own-times.ts'
import { type CommandResult, type Refusal, usageError } from './result.ts'
import { runReport } from './run-report.ts'
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

/** `--apply`: reads, decides, carries out the first proposal or the one named, and verifies that the symptom is gone. */
export async function applyPlaybook(invocation: Invocation, incident: Incident): Promise<CommandResult> {
  const probing = invocation.flags.has('no-probe') ? 'off' : 'allowed'
  announceProbes(invocation, incident.playbook, probing)
  const session = await openLastingSession(invocation)
  if (session.kind === 'refused') return session
  const startedAtMs = invocation.world.clock.nowMs()
  try {
    const carried = await carryOutPlaybook(invocation, session, incident, probing)
    if ('kind' in carried) return carried
    const { findings, timeline } = carried
    const facts = {
      command: `incident ${incident.playbook.name}`,
      startedAtMs,
      findings,
      attachments: [...carried.attachments, timelineTable(incident.run, timeline)],
    }
    const report = await runReport(facts, invocation, session)
    await keepIncident(invocation, incident, report, timeline, carried.owner, session.gateway.url)
    return await keepReport(report, invocation, session)
  } finally {
    await session.close()
  }
}

/** From the symptom to its verified end, or to where a person has to go on; refused when no such proposal is made. */
export async function carryOutPlaybook(
  invocation: Invocation,
  session: Session,
  incident: Pick<Incident, 'playbook' | 'earlier'>,
  probing: IncidentContext['probing'],
): Promise<Carried | Refusal> {
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
): Promise<Carried | Refusal> {
  const { clock } = invocation.world
  const context = incidentContext(invocation, session, probing)
  const before = withoutTimes(await runChecks(playbook.steps, { context, clock, signal }))
  const facts = await factsOf(context, signal)
  const diagnosis = await diagnosisOf(playbook, context, signal)
  const owner = ownerWords(context, playbook.name)
  const found = [
    ...earlier,
    ...burstEntries(facts),
    diagnosisEntry(diagnosis, facts),
    ...findingEntries(before, clock.nowMs()),
  ]
  const proposals = proposalsOf(diagnosis.remedies)
  const wanted = invocation.flags.text('proposal')
  const proposal =
    wanted === undefined ? defaultProposal(proposals) : proposals.find(({ name }) => name === wanted)
  if (wanted !== undefined && proposal === undefined && proposals.length > 0)
    return noSuchProposal(wanted, playbook, proposals, invocation)
  if (proposal === undefined)
    return { before, findings: before, attachments: [], timeline: orderedTimeline(found), owner }
  announceChoice(invocation, proposal, proposals)
  const attachments: Attachment[] = []
  const change: Changing = { invocation, session, playbook, attachments, flow: null, undo: null }
  try {
    return await changeAndVerify(
      change,
      { before, found, diagnosis, proposal, owner, context, probing },
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
  readonly proposal: Proposal
  readonly owner: string
  readonly context: IncidentContext
  readonly probing: IncidentContext['probing']
}

async function changeAndVerify(
  change: Changing,
  { before, found, diagnosis, proposal, owner, context, probing }: Decided,
  signal: AbortSignal,
): Promise<Carried> {
  const { invocation, playbook, attachments } = change
  const { clock } = invocation.world
  const applied = await timed(change, 'applied', () => applyProposal(change, proposal, context, signal))
  const verified = await timed(change, 'verified', () =>
    applied.outcome === 'pass'
      ? verify({ change, proposal, probing, models: diagnosis.models }, signal)
      : Promise.resolve<Judgement>({
          outcome: 'skip',
          saw: 'nothing was changed',
          next: 'see the step before',
        }),
  )
  const ended = [applied, verified]
  // A change that cures nothing must not stay; one whose effect could not be seen is the operator's to judge.
  if (verified.outcome === 'fail' && change.undo !== null)
    ended.push(await timed(change, 'rollback', change.undo))
  const left = verified.outcome === 'pass' ? [mitigated(playbook, diagnosis, before, owner)] : []
  return {
    before,
    findings: [...stillTold(before, playbook, proposal, ended), ...ended, ...left],
    attachments,
    timeline: orderedTimeline([...found, ...ended.map((finding) => entryOf(finding, clock.nowMs()))]),
    owner,
  }
}

function noSuchProposal(
  name: string,
  { name: playbook }: Playbook,
  proposals: readonly Proposal[],
  invocation: Invocation,
): Refusal {
  const names = proposals.map((one) => one.name)
  return usageError(
    `${playbook} does not propose ${name} here; it proposes ${names.join(', ')}. Nothing was changed`,
    nextHere(`provops incident ${playbook} --apply --proposal ${names[0]}`, invocation),
  )
}

/** Which of several changes is made, before it is made. */
function announceChoice(
  { flags, world }: Invocation,
  { name }: Proposal,
  proposals: readonly Proposal[],
): void {
  const others = proposals.filter((one) => one.name !== name)
  if (others.length === 0 || flags.has('quiet')) return
  world.stderr.write(
    `provops: proposal ${name} alone; instead of it: ${others.map((one) => `--proposal ${one.name}`).join(', ')}\n`,
  )
}

async function timed(
  { invocation, session, playbook }: Changing,
  step: EndStep,
  work: () => Promise<Judgement>,
): Promise<Finding> {
  const { clock } = invocation.world
  const startMs = clock.nowMs()
  const finding = findingOf(stepInfo(playbook, step), await work(), clock.nowMs() - startMs)
  const named = (text: string | null) => (text === null ? null : withoutTemporaryPaths(text, session))
  return { ...finding, saw: named(finding.saw) ?? '', why: named(finding.why), source: named(finding.source) }
}

interface Verifying {
  readonly change: Changing
  readonly proposal: Proposal
  readonly probing: IncidentContext['probing']
  readonly models: readonly string[]
}

async function verify(
  { change: { invocation, session, playbook }, proposal, probing, models }: Verifying,
  signal: AbortSignal,
): Promise<Judgement> {
  session.gateway.forget()
  const context = incidentContext(invocation, session, probing)
  const verdict = await proveRemedy(playbook, proposal.remedy, models, context, signal)
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
        next: 'choose another proposal with --proposal',
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
