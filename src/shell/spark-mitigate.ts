import { type Change, proposeChange } from '../changes/change.ts'
import { sparkFallbackCheck } from '../checks/spark-answers.ts'
import type { AutoMitigation } from '../checks/spark-apply.ts'
import type { MitigationContext } from '../checks/spark-mitigation.ts'
import type { Judgement } from '../core/check.ts'
import { effectOf, flavourOf } from './change-effect.ts'
import { close, confirmAndApply, type Flow, seeEffect, withWayBack } from './change-flow.ts'
import { firstClientKey } from './change-session.ts'
import { gatewayForUndo, newRunId } from './change-terms.ts'
import { changeWorldOf } from './change-world.ts'
import type { Invocation } from './invocation.ts'
import { openConfiguration } from './onboard.ts'
import type { Session } from './session.ts'
import { announceRequests } from './spark-announce.ts'
import type { Proposal } from './spark-check.ts'

const NOTHING: Judgement = { outcome: 'skip', saw: 'no change is due', next: 'nothing to do' }

/** While the alias is in place the ratio is that of the fallback, so that nothing proves the model to be well again. */
const WAY_BACK: Judgement = {
  outcome: 'skip',
  saw: 'the alias is taken out by hand only: as long as it is there, nothing tells whether it is still needed',
  next: 'provops undo',
}

/** One run of `--auto-mitigate`: at most one change, made after the proposal and held until it was seen. */
export class Mitigation {
  readonly #invocation: Invocation
  readonly #proposals: readonly Proposal[]
  #flow: Flow | null = null
  #change: Change | null = null

  constructor(invocation: Invocation, proposals: readonly Proposal[]) {
    this.#invocation = invocation
    this.#proposals = proposals
  }

  /** The context of the checks, with the two steps that write. */
  extend(context: MitigationContext, session: Session): AutoMitigation {
    return {
      ...context,
      apply: () => this.#apply(context, session),
      verify: (signal) => this.#verify(session, signal),
    }
  }

  async close(): Promise<void> {
    if (this.#flow) await close(this.#flow)
  }

  async #apply(context: MitigationContext, session: Session): Promise<Judgement> {
    const [proposal] = this.#proposals
    if (!proposal) return NOTHING
    if (proposal.plan.kind === 'in-place') return WAY_BACK
    if (context.probe === null) announceRequests(this.#invocation, 1, context.spark.fallback)
    const proven = await sparkFallbackCheck.ask(
      { ...context, probe: context.ask },
      new AbortController().signal,
    )
    if ('outcome' in proven && proven.outcome !== 'pass') return proven
    const opening = await openConfiguration(this.#invocation, session)
    if (opening.kind === 'refused') {
      return {
        outcome: 'fail',
        saw: opening.message,
        expected: 'a configuration that can be written',
        why: 'the change was not made',
        next: opening.next,
      }
    }
    const world = changeWorldOf(this.#invocation)
    const { text: before } = proposal.config
    const { after } = proposal.plan
    const change = proposeChange(
      {
        runId: newRunId('spark-check', this.#invocation.world),
        title: `alias ${context.spark.model} to ${context.spark.fallback}`,
        target: opening.store.target,
        before,
        after,
        check: effectOf(this.#watched(session), {
          before,
          after,
          flavour: await flavourOf(session.capabilities),
        }),
        gateway: gatewayForUndo(this.#invocation, session),
      },
      world.mask,
    )
    this.#change = change
    this.#flow = { invocation: this.#invocation, world, store: opening.store, held: null, runId: null }
    return withWayBack(await confirmAndApply(this.#flow, change), change)
  }

  async #verify(session: Session, signal: AbortSignal): Promise<Judgement> {
    if (!this.#flow || !this.#change) return NOTHING
    const { before, after, undoCommand } = {
      before: this.#change.before.text,
      after: this.#change.after.text,
      undoCommand: this.#change.undoCommand,
    }
    const check = effectOf(this.#watched(session), {
      before,
      after,
      flavour: await flavourOf(session.capabilities),
    })
    return seeEffect(this.#flow, { check, text: after, undoCommand }, signal)
  }

  #watched(session: Session) {
    return { gateway: session.gateway, key: firstClientKey(session), clock: this.#invocation.world.clock }
  }
}
