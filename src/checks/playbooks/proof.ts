import { benchOfAccount } from '../../analysis/quota/bench.ts'
import { maskFileName } from '../../analysis/quota/names.ts'
import { instantOf, listed, printable } from '../../core/text.ts'
import type { AuthFile } from '../../wire/management.ts'
import { askOnce, MOST_ASKED, problemOf } from './ask.ts'
import type { IncidentContext } from './incident-context.ts'
import type { MachineRemedy, Playbook, ResetRemedy, Verdict } from './playbook.ts'
import { factsOf, told } from './read-facts.ts'

/** Whether a change that was carried out helped; `context` is of a time after it. */
export function proveRemedy(
  playbook: Playbook,
  remedy: MachineRemedy,
  models: readonly string[],
  context: IncidentContext,
  signal: AbortSignal,
): Promise<Verdict> {
  if (remedy.kind === 'reset-quota') return released(playbook, remedy, models, context, signal)
  const { proof } = remedy
  switch (proof.kind) {
    case 'symptom':
      return playbook.verify(context, models, signal)
    case 'withdrawn':
      return withdrawn(proof.ids, context, signal)
    case 'time':
      return Promise.resolve(laterVerdict(playbook, context))
  }
}

/** The benches are gone, and then the symptom is: another account may answer while they stand. */
async function released(
  playbook: Playbook,
  { authIndexes }: ResetRemedy,
  models: readonly string[],
  context: IncidentContext,
  signal: AbortSignal,
): Promise<Verdict> {
  const { accounts, atMs } = await factsOf(context, signal)
  const held = (told(accounts) ?? []).filter(
    (account) =>
      account.authIndex !== null &&
      authIndexes.includes(account.authIndex) &&
      benchOfAccount(account, atMs) !== null,
  )
  if (held.length > 0) return { kind: 'still-there', saw: `still benched: ${listed(held.map(accountName))}` }
  return playbook.verify(context, models, signal)
}

const accountName = ({ name, email }: AuthFile) => printable(maskFileName(name, email), 60)

/** Long enough for the shares of ten minutes that the runbook judges by to be of the new time alone. */
const SETTLED_AFTER_MS = 10 * 60_000

function laterVerdict({ name }: Playbook, { clock }: IncidentContext): Verdict {
  const sinceMs = Math.ceil(clock.nowMs() / 60_000) * 60_000
  return {
    kind: 'not-known',
    saw: 'the gateway runs with it; whether the load is low enough now, only the next minutes of traffic show',
    next: `after ${instantOf(sinceMs + SETTLED_AFTER_MS)}: provops incident ${name} --since ${instantOf(sinceMs)}`,
  }
}

async function withdrawn(
  ids: readonly string[],
  context: IncidentContext,
  signal: AbortSignal,
): Promise<Verdict> {
  const { models } = await factsOf(context, signal)
  if (models.kind === 'unknown')
    return { kind: 'not-known', saw: models.judgement.saw, next: 'provops daily-check --only models' }
  const left = ids.filter((id) => models.list.models.some((model) => model.id === id))
  if (left.length > 0) return { kind: 'still-there', saw: `still listed: ${listed(left)}` }
  const saw = `${listed(ids)} no longer listed`
  if (context.probing === 'off') return { kind: 'gone', saw }
  for (const id of ids.slice(0, MOST_ASKED)) {
    const asked = await askOnce(context, id, signal)
    const refused = asked.kind === 'answered' && asked.answer.kind === 'refused' ? asked.answer.refusal : null
    if (refused === null)
      return { kind: 'still-there', saw: `${id}: ${problemOf(asked) ?? 'still answered'}` }
    if (refused.by !== 'gateway')
      return { kind: 'still-there', saw: `${id} still reaches the provider: ${problemOf(asked)}` }
  }
  return { kind: 'gone', saw: `${saw}, and the gateway refuses it itself: nothing reaches the provider` }
}
