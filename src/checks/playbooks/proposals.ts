import type { MachineRemedy, PersonRemedy, Remedy } from './playbook.ts'

/** A change that an operator can choose with --proposal. */
export interface Proposal {
  /** Unique among the proposals of one diagnosis. */
  readonly name: string
  readonly remedy: MachineRemedy
}

/** The changes among the remedies, in their order; two of one name are told apart by a number. */
export function proposalsOf(remedies: readonly Remedy[]): readonly Proposal[] {
  const machine = remedies.filter(isMachine)
  return machine.map((remedy, index) => {
    const before = machine.slice(0, index).filter(({ name }) => name === remedy.name).length
    return { name: before === 0 ? remedy.name : `${remedy.name}.${before + 1}`, remedy }
  })
}

/** What --apply does without --proposal. A model is taken away from clients only when somebody asks for exactly that. */
export function defaultProposal(proposals: readonly Proposal[]): Proposal | undefined {
  return proposals.find(({ remedy }) => remedy.kind !== 'edit' || remedy.proof.kind !== 'withdrawn')
}

export function peopleOf(remedies: readonly Remedy[]): readonly PersonRemedy[] {
  return remedies.filter((remedy) => remedy.kind === 'person')
}

function isMachine(remedy: Remedy): remedy is MachineRemedy {
  return remedy.kind !== 'person'
}
