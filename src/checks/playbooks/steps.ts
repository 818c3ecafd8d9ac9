import type { Check, CheckInfo, Judgement } from '../../core/check.ts'
import { counted } from '../../core/text.ts'
import type { IncidentContext } from './incident-context.ts'
import { diagnosisOf, type PersonRemedy, type Playbook, type PlaybookName } from './playbook.ts'
import { defaultProposal, type Proposal, peopleOf, proposalsOf } from './proposals.ts'

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

const STEPS_ABOVE = 'see the steps above'
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
    fix: `provops incident ${playbook.name} --apply carries out the first change, or the one of --proposal, and verifies it.`,
    async ask(context, signal) {
      const diagnosis = await diagnosisOf(playbook, context, signal)
      if (diagnosis.condition === 'absent' || diagnosis.condition === 'over')
        return { outcome: 'pass', saw: `nothing to propose: the condition is ${diagnosis.condition}` }
      if (diagnosis.condition === 'unknown')
        return { outcome: 'skip', saw: diagnosis.saw, next: diagnosis.next ?? STEPS_ABOVE }
      if (diagnosis.remedies.length === 0)
        return {
          outcome: 'fail',
          cause: 'human',
          saw: 'no change of the configuration would help',
          expected: EXPECTED,
          why: diagnosis.saw,
          next: ownerWords(context, playbook.name),
        }
      const proposals = proposalsOf(diagnosis.remedies)
      const standard = defaultProposal(proposals)
      return [
        ...proposals.map((one) =>
          judgeProposal(one, one === standard ? 'standard' : 'by-name', playbook.name),
        ),
        ...peopleOf(diagnosis.remedies).map(judgePerson),
      ]
    },
  })
}

function judgeProposal(
  { name, remedy }: Proposal,
  choice: 'standard' | 'by-name',
  playbook: PlaybookName,
): Judgement {
  const apply = `provops incident ${playbook} --apply`
  // Only one is made without being named; the others are there to choose from.
  const [outcome, next] =
    choice === 'standard' ? (['fail', apply] as const) : (['warn', `${apply} --proposal ${name}`] as const)
  return {
    subject: name,
    outcome,
    saw: remedy.title,
    expected: 'the change made, and the symptom gone',
    why: remedy.mind,
    next: remedy.kind === 'reset-quota' ? `${next}\nor\n${remedy.command}` : next,
    ...(remedy.kind === 'reset-quota' ? { data: { authIndexes: [...remedy.authIndexes] } } : {}),
  }
}

function judgePerson({ title, next }: PersonRemedy, index: number): Judgement {
  return {
    subject: index === 0 ? 'person' : `person.${index + 1}`,
    outcome: 'warn',
    saw: title,
    expected: 'somebody who does it',
    why: 'no change of the gateway does this',
    next,
  }
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
        return { outcome: 'skip', saw: 'nothing to verify yet', next: diagnosis.next ?? STEPS_ABOVE }
      if (diagnosis.condition === 'present')
        return {
          outcome: 'skip',
          saw: 'nothing was changed yet',
          next:
            defaultProposal(proposalsOf(diagnosis.remedies)) === undefined
              ? `see ${playbook.name}.handover, then provops incident ${playbook.name}`
              : `provops incident ${playbook.name} --apply`,
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
      const { condition, remedies, saw, next } = await diagnosisOf(playbook, context, signal)
      const owner = ownerWords(context, playbook.name)
      if (condition === 'absent' || condition === 'over')
        return { outcome: 'pass', saw: 'nothing is left to do' }
      if (condition === 'unknown')
        return {
          outcome: 'unknown',
          saw: 'not known yet whether somebody has to take over',
          expected: EXPECTED,
          why: `${saw}; ${owner}`,
          next: next ?? STEPS_ABOVE,
        }
      if (defaultProposal(proposalsOf(remedies)) !== undefined)
        return {
          outcome: 'skip',
          saw: `provops can go on by itself; ${owner}`,
          next: `provops incident ${playbook.name} --apply`,
        }
      const people = peopleOf(remedies)
      const byName = proposalsOf(remedies).map(
        ({ name }) => `or provops incident ${playbook.name} --apply --proposal ${name}`,
      )
      return {
        outcome: 'fail',
        cause: 'human',
        saw: `${counted(Math.max(1, people.length), 'step')} for a person: ${people[0]?.title ?? saw}`,
        expected: EXPECTED,
        why: `${saw}; ${owner}`,
        next: [
          ...(people.length > 0 ? people.map(({ next }) => next) : [owner]),
          ...byName,
          `for the ticket: provops incident ${playbook.name} --handover ticket.md`,
        ].join('\n'),
      }
    },
  })
}

export function ownerWords(context: IncidentContext, name: PlaybookName): string {
  const owner = context.owner(name)
  return owner === null ? `owner: nobody is named (owners.${name} in provops.yaml)` : `owner: ${owner}`
}
