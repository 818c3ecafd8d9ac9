import type { ConfigEdit } from '../../analysis/config/edit-types.ts'
import type { Check } from '../../core/check.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import type { FactSource } from './unread.ts'

export const PLAYBOOK_NAMES = [
  'auth-failures',
  'rate-limit',
  'wrong-provider',
  'missing-models',
  'tool-result-image',
  'usage-parity',
  'spark-mismatch',
] as const
export type PlaybookName = (typeof PLAYBOOK_NAMES)[number]

/**
 * How much one thing that was seen speaks for a playbook: `proof` stands for trouble that clients have right now,
 * `sign` for something that wants a look, `hint` for what may well be meant to be so.
 */
export const WEIGHTS = { proof: 3, sign: 2, hint: 1 } as const
export type Weight = keyof typeof WEIGHTS

export interface Evidence {
  readonly weight: Weight
  /** One short line without secrets. */
  readonly saw: string
}

/** How an edit shows that it helped. */
export type Proof =
  /** The symptom is looked for again. */
  | { readonly kind: 'symptom' }
  /** The ids are to be refused by the gateway itself, so that nothing of them reaches a provider. */
  | { readonly kind: 'withdrawn'; readonly ids: readonly string[] }
  /** Less load: no single request can show it, only the next minutes of traffic. */
  | { readonly kind: 'time' }

/** What can be done about a condition, and by whom. */
export type Remedy = MachineRemedy | PersonRemedy

/** A change that provops can carry out. `name` is what an operator chooses it by. */
export type MachineRemedy = EditRemedy | ResetRemedy

/** A change to the configuration, carried out by the change engine. */
export interface EditRemedy {
  readonly kind: 'edit'
  readonly name: string
  readonly title: string
  readonly edits: readonly ConfigEdit[]
  /** Ids that have to answer before anything is written: nothing moves to what is itself refused. */
  readonly askFirst: readonly string[]
  /** What the change costs or leaves open. */
  readonly mind: string
  readonly proof: Proof
}

/** Ends the gateway's own benches of accounts (contract, HTTP 8.6); nothing is configured anew. */
export interface ResetRemedy {
  readonly kind: 'reset-quota'
  readonly name: string
  readonly title: string
  readonly authIndexes: readonly string[]
  /** The same for a shell, without the key. */
  readonly command: string
  readonly mind: string
}

/** Something that only a person can do, outside the gateway. */
export interface PersonRemedy {
  readonly kind: 'person'
  readonly title: string
  readonly next: string
}

/** A diagnosis without anything to do. */
export function nothingToDo(
  condition: 'absent' | 'over' | 'unknown',
  saw: string,
  models: readonly string[] = [],
): Diagnosis {
  return { condition, saw, models, remedies: [] }
}

/** Too little was seen to tell; `next` is how to find out. */
export function notKnown(saw: string, next: string): Diagnosis {
  return { condition: 'unknown', saw, models: [], remedies: [], next }
}

/** Where a playbook has got to once it has read and decided. */
export interface Diagnosis {
  /** `over`: it was there and is not any more. `unknown`: too little could be read, or a probe is needed. */
  readonly condition: 'absent' | 'present' | 'over' | 'unknown'
  /** One line: what is the matter, or why it is not known. */
  readonly saw: string
  /** What to ask in order to see that the symptom is gone. */
  readonly models: readonly string[]
  /** Best first; among changes the one that touches least. */
  readonly remedies: readonly Remedy[]
  /** How to find out what is not known, where the steps before do not say it. */
  readonly next?: string
}

/** Whether the symptom is gone, asked of the gateway itself. */
export type Verdict =
  | { readonly kind: 'gone'; readonly saw: string; readonly data?: JsonObject }
  | { readonly kind: 'still-there'; readonly saw: string }
  | { readonly kind: 'not-known'; readonly saw: string; readonly next: string }

/** One section of the runbook's Incident Playbooks. */
export interface Playbook {
  readonly name: PlaybookName
  /** The good state. */
  readonly title: string
  /** What an operator sees when it is the right one. */
  readonly symptom: string
  readonly runbook: string
  /** What its evidence comes from: while one of them is not read, no evidence is no sign of health. */
  readonly judgesBy: readonly FactSource[]
  /** Judges cheap facts alone; for triage. */
  readonly evidence: (facts: Facts, context: IncidentContext) => readonly Evidence[]
  readonly diagnose: (context: IncidentContext, signal: AbortSignal) => Promise<Diagnosis>
  readonly verify: (
    context: IncidentContext,
    models: readonly string[],
    signal: AbortSignal,
  ) => Promise<Verdict>
  /** The most requests that cost tokens, for so many models (Infinity: as many as it takes by itself); 0: it never sends any. */
  readonly mostProbes: (models: number) => number
  /** In the order of the runbook. */
  readonly steps: readonly Check<IncidentContext>[]
}

/** The diagnosis of this run, made once. */
export function diagnosisOf(
  { name, diagnose }: Pick<Playbook, 'name' | 'diagnose'>,
  context: IncidentContext,
  signal: AbortSignal,
): Promise<Diagnosis> {
  return context.remember(`diagnosis of ${name}`, () => diagnose(context, signal))
}
