import type { Judgement } from '../../core/check.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import type { Diagnosis, PlaybookName } from './playbook.ts'
import { unreadNext } from './unread.ts'

export interface SymptomWords {
  readonly absent: string
  /** What is going on, shorter than the causes that follow it. */
  readonly present: string
  readonly expected: string
  /** What it does to clients. */
  readonly harm: string
  readonly data?: JsonObject
}

/** The first step of a playbook whose causes are steps of their own: whether its condition is there at all. */
export function judgeSymptom(
  name: PlaybookName,
  { condition, saw }: Diagnosis,
  { absent, present, expected, harm, data = {} }: SymptomWords,
  facts: Facts,
  { clock }: IncidentContext,
): Judgement {
  const next = `see ${name}.cause`
  switch (condition) {
    case 'absent':
      return { outcome: 'pass', saw: absent, data }
    case 'over':
      return { outcome: 'warn', saw, expected, why: 'it is over, and its cause may not be', next, data }
    case 'unknown':
      return {
        outcome: 'unknown',
        saw,
        expected: 'every source of it read',
        why: 'what cannot be read is not well',
        next: unreadNext(facts, clock),
        data,
      }
    case 'present':
      return { outcome: 'fail', saw: present, expected, why: harm, next, data }
  }
}
