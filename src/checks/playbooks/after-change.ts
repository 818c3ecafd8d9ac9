import type { CheckInfo, Judgement } from '../../core/check.ts'
import { type Finding, findingOf } from '../../core/finding.ts'
import type { Diagnosis, Playbook } from './playbook.ts'
import { type Proposal, peopleOf } from './proposals.ts'
import { endingIds } from './steps.ts'

const STEP_TITLES = {
  applied: 'the proposed change is made',
  verified: 'the symptom is gone',
  rollback: 'a change that cures nothing is taken back',
  handover: 'nobody has to take over',
} as const
export type EndStep = keyof typeof STEP_TITLES

const STEP_QUESTIONS: Readonly<Record<EndStep, string>> = {
  applied: 'Was the proposal carried out?',
  verified: 'Does the gateway itself show that the symptom is gone?',
  rollback: 'Is the configuration again as it was?',
  handover: 'Is something left to do that only a person can do?',
}

/** A step of what is done about an incident. */
export function stepInfo({ name, runbook }: Playbook, step: EndStep): CheckInfo {
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

/**
 * What the playbook had found. A proposal that was made is none any more; once the symptom is gone, what had not been well
 * is of a time before, and told once by the handover.
 */
export function stillTold(
  before: readonly Finding[],
  { name }: Playbook,
  proposal: Proposal,
  [applied, verified]: readonly Finding[],
): readonly Finding[] {
  const isGone = verified?.outcome === 'pass'
  return before.filter((finding) => {
    if (endingIds(name).includes(finding.id)) return false
    if (applied?.outcome === 'pass' && finding.id === `${name}.proposal:${proposal.name}`) return false
    return !isGone || !isUnwell(finding)
  })
}

function isUnwell({ outcome }: Finding): boolean {
  return outcome === 'fail' || outcome === 'unknown' || outcome === 'warn'
}

/** A mitigation is no cure: what was the matter, and what only people can do about it. */
export function mitigated(
  playbook: Playbook,
  diagnosis: Diagnosis,
  before: readonly Finding[],
  owner: string,
): Finding {
  const people = peopleOf(diagnosis.remedies)
  const judgement: Judgement = {
    outcome: 'warn',
    saw: `mitigated; before the change: ${diagnosis.saw}`,
    expected: 'the cause mended',
    why: [...people.map(({ title }) => title), owner].join('\n'),
    next:
      people.length > 0
        ? people.map(({ next }) => next).join('\n')
        : `watch it, in ten minutes: provops incident ${playbook.name}`,
    data: {
      before: before.filter(isUnwell).map(({ id, outcome, saw }) => ({ id, outcome, saw })),
    },
  }
  return findingOf(stepInfo(playbook, 'handover'), judgement, 0)
}
