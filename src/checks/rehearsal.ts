import type { CheckInfo, Judgement } from '../core/check.ts'
import type { Outcome } from '../core/outcome.ts'
import type { PlaybookName } from './playbooks/playbook.ts'

interface Stage {
  readonly outcome: Outcome
  readonly saw: string
}

/** How a playbook did on its incident; a stage that was not reached is null. */
export interface Rehearsal {
  readonly playbook: PlaybookName
  readonly scenario: string
  readonly symptom: Stage | null
  readonly applied: Stage | null
  readonly verified: Stage | null
}

/** Not asked of a gateway: it judges what `rehearse` has done. */
export const REHEARSAL_CHECK = {
  id: 'rehearse.playbook',
  title: 'the playbook leads from its symptom to a verified mitigation',
  group: 'rehearse',
  asks: 'On its embedded incident: is the symptom seen, the first proposal carried out, and the symptom seen to be gone?',
  why: 'A playbook that was never walked through fails at night.',
  cost: 'nothing',
  fix: 'provops rehearse <playbook> shows every step of it.',
  runbook: 'Incident Playbooks',
  judge: judgeRehearsal,
} as const satisfies CheckInfo & { readonly judge: (rehearsal: Rehearsal) => Judgement }

function judgeRehearsal({ playbook, scenario, symptom, applied, verified }: Rehearsal): Judgement {
  const data = {
    scenario,
    symptom: symptom?.saw ?? null,
    applied: applied?.saw ?? null,
    verified: verified?.saw ?? null,
  }
  const base = { subject: playbook, source: `scenario ${scenario}`, data }
  if (symptom && applied?.outcome === 'pass' && verified?.outcome === 'pass')
    return { ...base, outcome: 'pass', saw: `mitigated and verified: ${verified.saw}` }
  const stopped = [
    ['symptom', symptom],
    ['change', applied],
    ['verification', verified],
  ] as const
  const [name, stage] =
    stopped.find(([, one]) => one === null || (one.outcome !== 'pass' && one !== symptom)) ?? stopped[2]
  return {
    ...base,
    outcome: 'fail',
    saw: `stopped at the ${name}${stage === null ? '' : `: ${stage.saw}`}`,
    expected: 'mitigated and verified',
    why: 'what does not work in the rehearsal does not work at night',
    next: `provops rehearse ${playbook}`,
  }
}
