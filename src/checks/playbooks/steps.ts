import type { Check, CheckInfo, Judgement } from '../../core/check.ts'
import { counted } from '../../core/text.ts'
import type { IncidentContext } from './incident-context.ts'
import { type Diagnosis, diagnosisOf, type Playbook, type PlaybookName, type Remedy } from './playbook.ts'

/** What kind of work a step is. */
export type StepKind = 'read' | 'decide' | 'propose' | 'verify' | 'hand over'

interface StepSpec extends Pick<CheckInfo, 'title' | 'asks' | 'why' | 'cost' | 'fix'> {
  readonly step: string
  readonly kind: StepKind
  readonly ask: Check<IncidentContext>['ask']
}

type PlaybookHead = Pick<Playbook, 'name' | 'runbook' | 'diagnose' | 'verify' | 'title'>

/** A step of a playbook as a check: its id is `<playbook>.<step>`, and every finding names the owner. */
export function stepOf(playbook: PlaybookHead, spec: StepSpec): Check<IncidentContext> {
  const { step, kind, ask, ...info } = spec
  return {
    ...info,
    id: `${playbook.name}.${step}`,
    group: playbook.name,
    runbook: playbook.runbook,
    async ask(context, signal) {
      const judged = await ask(context, signal)
      const owner = context.owner(playbook.name)
      const list = Array.isArray(judged) ? judged : [judged as Judgement]
      return list.map((judgement) => ({
        ...judgement,
        ...(owner !== null && 'why' in judgement ? { why: `${judgement.why}\nowner: ${owner}` } : {}),
        data: { ...judgement.data, step: kind, owner },
      }))
    },
  }
}

/** Ids of the steps that end a playbook, which are answered anew once something was changed. */
export function endingIds(name: PlaybookName): readonly string[] {
  return [`${name}.verified`, `${name}.handover`]
}

const EXPECTED = 'the condition of this playbook is absent, or mitigated and verified'

/** The steps that end every playbook: what to do, whether the symptom is gone, and who goes on. */
export function endingOf(playbook: PlaybookHead): readonly Check<IncidentContext>[] {
  return [proposalStep(playbook), verifiedStep(playbook), handoverStep(playbook)]
}

function proposalStep(playbook: PlaybookHead): Check<IncidentContext> {
  return stepOf(playbook, {
    step: 'proposal',
    kind: 'propose',
    title: 'nothing needs to be changed',
    asks: 'Which change of the configuration, call or human step ends the condition?',
    why: 'A cause without a next step leaves the night shift alone.',
    cost: 'nothing',
    fix: `provops incident ${playbook.name} --apply carries out the first change and verifies it.`,
    async ask(context, signal) {
      const diagnosis = await diagnosisOf(playbook, context, signal)
      if (diagnosis.condition === 'absent' || diagnosis.condition === 'over')
        return { outcome: 'pass', saw: 'nothing to propose: the condition is absent' }
      if (diagnosis.condition === 'unknown')
        return { outcome: 'skip', saw: diagnosis.saw, next: 'see the steps above' }
      if (diagnosis.remedies.length === 0)
        return {
          outcome: 'fail',
          cause: 'human',
          saw: 'no change of the configuration would help',
          expected: EXPECTED,
          why: diagnosis.saw,
          next: ownerWords(context, playbook.name),
        }
      return diagnosis.remedies.map((remedy, index) => judgeRemedy(remedy, index, diagnosis, playbook.name))
    },
  })
}

function judgeRemedy(remedy: Remedy, index: number, diagnosis: Diagnosis, name: PlaybookName): Judgement {
  const subject = String(index + 1)
  const base = { subject, saw: remedy.title, expected: EXPECTED } as const
  switch (remedy.kind) {
    case 'edit':
    case 'reset-quota':
      return {
        ...base,
        // Only the first is tried; the others are there to choose from.
        outcome: index === 0 ? 'fail' : 'warn',
        why: remedy.mind,
        next:
          index === 0
            ? `provops incident ${name} --apply${remedy.kind === 'edit' ? '' : `, or ${remedy.command}`}`
            : remedy.kind === 'reset-quota'
              ? remedy.command
              : 'make this change by hand, or with provops reroute',
      }
    case 'person':
      return { ...base, outcome: 'warn', why: diagnosis.saw, next: remedy.next }
  }
}

/** A change of the gateway that provops itself can carry out. */
export function isMachine(remedy: Remedy): remedy is Exclude<Remedy, { kind: 'person' }> {
  return remedy.kind !== 'person'
}

function verifiedStep(playbook: PlaybookHead): Check<IncidentContext> {
  return stepOf(playbook, {
    step: 'verified',
    kind: 'verify',
    title: 'the symptom is gone',
    asks: 'Does the gateway itself show that the symptom is gone? A change that was accepted proves nothing.',
    why: 'Most incidents that come back were closed on a change and not on its effect.',
    cost: 'tokens',
    fix: `provops incident ${playbook.name} --probe`,
    async ask(context, signal) {
      const diagnosis = await diagnosisOf(playbook, context, signal)
      if (diagnosis.condition === 'absent')
        return { outcome: 'skip', saw: 'nothing to verify: the condition is absent', next: 'nothing to do' }
      if (diagnosis.condition === 'unknown')
        return { outcome: 'skip', saw: 'nothing to verify yet', next: 'see the steps above' }
      if (diagnosis.condition === 'present')
        return {
          outcome: 'skip',
          saw: 'nothing was changed yet',
          next: `provops incident ${playbook.name} --apply`,
        }
      const verdict = await playbook.verify(context, diagnosis.models, signal)
      if (verdict.kind === 'gone') return { outcome: 'pass', saw: verdict.saw }
      if (verdict.kind === 'not-known') return { outcome: 'skip', saw: verdict.saw, next: verdict.next }
      return {
        outcome: 'fail',
        saw: verdict.saw,
        expected: EXPECTED,
        why: 'the log shows no more of it, and the gateway still does',
        next: `provops incident ${playbook.name} --probe`,
      }
    },
  })
}

function handoverStep(playbook: PlaybookHead): Check<IncidentContext> {
  return stepOf(playbook, {
    step: 'handover',
    kind: 'hand over',
    title: 'nobody has to take over',
    asks: 'Is what is left to do something that only a person can do, and who is that?',
    why: 'A human step that nobody is told of is not done.',
    cost: 'nothing',
    fix: 'Name who to call under owners in provops.yaml; --handover writes the timeline for the ticket.',
    async ask(context, signal) {
      const { condition, remedies, saw } = await diagnosisOf(playbook, context, signal)
      const owner = ownerWords(context, playbook.name)
      if (condition === 'absent' || condition === 'over')
        return { outcome: 'pass', saw: 'nothing is left to do' }
      if (condition === 'unknown')
        return { outcome: 'skip', saw: 'not known yet whether somebody has to take over', next: owner }
      if (remedies.some(isMachine))
        return {
          outcome: 'skip',
          saw: `provops can go on by itself; ${owner}`,
          next: `provops incident ${playbook.name} --apply`,
        }
      const people = remedies.filter((remedy) => remedy.kind === 'person')
      return {
        outcome: 'fail',
        cause: 'human',
        saw: `${counted(Math.max(1, people.length), 'step')} for a person: ${people[0]?.title ?? saw}`,
        expected: EXPECTED,
        why: `${saw}; ${owner}`,
        next: `${people[0]?.next ?? owner}; provops incident ${playbook.name} --handover ticket.md`,
      }
    },
  })
}

export function ownerWords(context: IncidentContext, name: PlaybookName): string {
  const owner = context.owner(name)
  return owner === null ? `owner: nobody is named (owners.${name} in provops.yaml)` : `owner: ${owner}`
}
