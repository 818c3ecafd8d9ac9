import type { ListedModel } from '../wire/models.ts'

export interface InventoryDiff {
  readonly gone: readonly string[]
  readonly added: readonly string[]
  readonly ownerChanged: readonly { readonly id: string; readonly before: string; readonly now: string }[]
}

/** What changed between two model lists of the same key; all parts sorted by id, empty when nothing did. */
export function diffInventories(before: readonly ListedModel[], now: readonly ListedModel[]): InventoryDiff {
  const owners = new Map(now.map((model) => [model.id, model.ownedBy]))
  const known = new Set(before.map((model) => model.id))
  const ownerChanged = before.flatMap(({ id, ownedBy }) => {
    const owner = owners.get(id)
    return owner === undefined || owner === ownedBy ? [] : [{ id, before: ownedBy, now: owner }]
  })
  return {
    gone: [...known].filter((id) => !owners.has(id)).sort(),
    added: [...owners.keys()].filter((id) => !known.has(id)).sort(),
    ownerChanged: ownerChanged.sort((a, b) => (a.id < b.id ? -1 : 1)),
  }
}

export interface Presence {
  /** The id itself is listed. */
  readonly exact: boolean
  /** `prefix/id` forms: the same model, for clients that send the prefix. */
  readonly prefixed: readonly string[]
  /** Ids that merely contain the name; they are other models and never count. */
  readonly lookalikes: readonly string[]
}

/** How `id` appears in a list. Listed ids are case-sensitive (contract, files 1.7); a case variant is a lookalike. */
export function presenceOf(id: string, listed: readonly string[]): Presence {
  const wanted = id.toLowerCase()
  const prefixed = listed.filter((name) => name.endsWith(`/${id}`))
  const lookalikes = listed.filter(
    (name) => name !== id && !name.endsWith(`/${id}`) && name.toLowerCase().includes(wanted),
  )
  return { exact: listed.includes(id), prefixed, lookalikes }
}
