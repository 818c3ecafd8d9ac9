import { applyEdits } from '../analysis/config/edit.ts'
import { proposeChange } from '../changes/change.ts'
import { type ConfigStore, readText } from '../changes/store.ts'
import { askModel } from '../checks/playbooks/ask.ts'
import type { IncidentContext } from '../checks/playbooks/incident-context.ts'
import type { EditRemedy, Playbook, ResetRemedy } from '../checks/playbooks/playbook.ts'
import type { Proposal } from '../checks/playbooks/proposals.ts'
import type { Judgement } from '../core/check.ts'
import type { Attachment } from '../core/report.ts'
import { counted, listed, printable } from '../core/text.ts'
import { ROUTES } from '../wire/routes.ts'
import { effectOf, flavourOf } from './change-effect.ts'
import { confirmAndApply, type Flow, rollBack, seeEffect } from './change-flow.ts'
import { firstClientKey } from './change-session.ts'
import { gatewayForUndo, newRunId } from './change-terms.ts'
import { unconfirmed } from './change-words.ts'
import { changeWorldOf } from './change-world.ts'
import { askConsent } from './confirm.ts'
import { withoutTemporaryPaths } from './embedded-names.ts'
import type { Invocation } from './invocation.ts'
import { openConfiguration } from './onboard.ts'
import type { Session } from './session.ts'

/** A change on its way; the lock is held until it is verified, so that it can be taken back. */
export interface Changing {
  readonly invocation: Invocation
  readonly session: Session
  readonly playbook: Playbook
  readonly attachments: Attachment[]
  flow: Flow | null
  undo: (() => Promise<Judgement>) | null
}

/** Carries out one proposal, and nothing of the others. */
export async function applyProposal(
  change: Changing,
  { remedy }: Proposal,
  context: IncidentContext,
  signal: AbortSignal,
): Promise<Judgement> {
  if (remedy.kind === 'reset-quota') return applyReset(change, remedy)
  const unproven = await whyUnproven(remedy, context, signal)
  return unproven === null
    ? applyEdit(change, remedy, signal)
    : notApplied(remedy, unproven, 'choose another proposal with --proposal, or provops reroute')
}

const EXPECTED = 'the change is made, and the gateway shows it'

function notApplied(remedy: EditRemedy, saw: string, next: string): Judgement {
  return { outcome: 'fail', cause: 'human', saw, expected: EXPECTED, why: remedy.title, next }
}

/** Why nothing should move there; null when it answers, or may not be asked. */
async function whyUnproven(
  { askFirst }: EditRemedy,
  context: IncidentContext,
  signal: AbortSignal,
): Promise<string | null> {
  if (askFirst.length === 0 || context.probing === 'off') return null
  const verdict = await askModel(context, askFirst, signal)
  return verdict.kind === 'gone' ? null : `nothing was written: the fallback does not answer (${verdict.saw})`
}

async function applyEdit(change: Changing, remedy: EditRemedy, signal: AbortSignal): Promise<Judgement> {
  const { invocation, session } = change
  const opening = await openConfiguration(invocation, session)
  if (opening.kind === 'refused') return notApplied(remedy, opening.message, opening.next)
  const { store } = opening
  const read = await readText(store)
  if (read.kind === 'fault')
    return notApplied(remedy, 'the configuration cannot be read', 'check --config-file and its permissions')
  const edited = applyEdits(read.text, remedy.edits)
  if (edited.kind === 'refused')
    return notApplied(
      remedy,
      `line ${edited.line}: ${edited.reason}`,
      `make the change by hand: ${remedy.title}`,
    )
  return write(change, remedy, store, { before: read.text, after: edited.text }, signal)
}

async function write(
  change: Changing,
  remedy: EditRemedy,
  store: ConfigStore,
  { before, after }: { readonly before: string; readonly after: string },
  signal: AbortSignal,
): Promise<Judgement> {
  const { invocation, session, playbook, attachments } = change
  const world = changeWorldOf(invocation)
  const flavour = await flavourOf(session.capabilities)
  const watched = { gateway: session.gateway, key: firstClientKey(session), clock: invocation.world.clock }
  const check = effectOf(watched, { before, after, flavour })
  const proposed = proposeChange(
    {
      runId: newRunId(`incident-${playbook.name}`, invocation.world),
      title: remedy.title,
      target: store.target,
      before,
      after,
      check,
      gateway: gatewayForUndo(invocation, session),
    },
    world.mask,
  )
  if (proposed.diff.kind === 'unified')
    attachments.push({
      kind: 'diff',
      title: 'the proposed change',
      text: withoutTemporaryPaths(proposed.diff.text, session),
    })
  const flow: Flow = { invocation, world, store, held: null, runId: null }
  change.flow = flow
  const written = await confirmAndApply(flow, proposed)
  if (written.outcome !== 'pass') return written
  change.undo = () => rollBack(flow, proposed, effectOf(watched, { before: after, after: before, flavour }))
  const seen = await seeEffect(flow, { check, text: after, undoCommand: proposed.undoCommand }, signal)
  if (seen.outcome !== 'pass') return seen
  const back =
    session.embedded === null
      ? `${proposed.undoCommand} takes it back`
      : 'the embedded gateway and the change end with this run'
  return { ...seen, saw: `${remedy.title}; ${seen.saw}; ${back}` }
}

async function applyReset(
  { invocation, session }: Changing,
  { title, authIndexes, command }: ResetRemedy,
): Promise<Judgement> {
  const consent = await askConsent(invocation, { text: `${title}\n${command}`, question: 'Send this?' })
  if (consent !== 'given') return unconfirmed(consent, invocation)
  for (const [index, authIndex] of authIndexes.entries()) {
    const sent = await session.gateway.send(ROUTES.resetQuota, { json: { auth_index: authIndex } })
    const status = sent.kind === 'ok' ? sent.value.status : null
    if (status !== 200) return notReset({ status, authIndex, done: index, command })
  }
  session.gateway.forget()
  return {
    outcome: 'pass',
    saw: `the bench of ${counted(authIndexes.length, 'account')} ended: ${listed(authIndexes.map((index) => printable(index, 40)))}`,
    source: 'POST /v0/management/reset-quota',
  }
}

interface FailedReset {
  readonly status: number | null
  readonly authIndex: string
  /** How many were reset before it. */
  readonly done: number
  readonly command: string
}

function notReset({ status, authIndex, done, command }: FailedReset): Judgement {
  const before = done === 0 ? '' : `, after ${counted(done, 'other')} that worked`
  return {
    outcome: 'fail',
    saw: `reset-quota of ${printable(authIndex, 40)} answered ${status ?? 'nothing'}${before}`,
    expected: EXPECTED,
    why:
      status === 404
        ? 'this version has no such route, or does not know the credential'
        : 'the bench is still there',
    next:
      status === 404
        ? 'restart the gateway, or change a comment in config.yaml: every reload ends benches'
        : command,
  }
}
