import type { Flavour } from '../analysis/config/flavour.ts'
import { planReroute, type ReroutePlan } from '../analysis/reroute.ts'
import { type Change, proposeChange } from '../changes/change.ts'
import type { ConfigStore } from '../changes/store.ts'
import type { ChangeWorld } from '../changes/world.ts'
import { askCanary, type CanaryContext } from '../checks/onboard-canary.ts'
import type { RerouteContext } from '../checks/reroute.ts'
import type { Judgement } from '../core/check.ts'
import type { Finding } from '../core/finding.ts'
import type { Attachment } from '../core/report.ts'
import { counted, listed } from '../core/text.ts'
import type { Endpoint } from '../wire/routes.ts'
import { canaryContext } from './change-canary.ts'
import { effectOf, flavourOf } from './change-effect.ts'
import {
  close,
  confirmAndApply,
  type Flow,
  readTarget,
  rollBack,
  seeEffect,
  sourceOf,
  withWayBack,
} from './change-flow.ts'
import { stoppingStage } from './change-report.ts'
import { firstClientKey } from './change-session.ts'
import type { StagedRun } from './change-stages.ts'
import { diffAttachments, gatewayForUndo, newRunId, type RunEnd, startRunEnd } from './change-terms.ts'
import type { Invocation } from './invocation.ts'
import { refusedPlan } from './onboard-words.ts'
import type { RerouteOrder } from './reroute.ts'
import type { Session } from './session.ts'

export interface RerouteParts {
  readonly invocation: Invocation
  readonly session: Session
  readonly world: ChangeWorld
  readonly store: ConfigStore
  readonly order: RerouteOrder
  readonly endpoint: Endpoint
}

/** Each is two requests that cost tokens. */
const MOST_CANARY_IDS = 5

/** One run of `reroute`: every stage, carried out when its check is asked. */
export class RerouteRun implements RerouteContext, StagedRun {
  readonly attachments: Attachment[] = []
  readonly #parts: RerouteParts
  readonly #flow: Flow
  readonly #end: RunEnd
  #plan: ReroutePlan | null = null
  #flavour: Flavour = 'upstream'
  #change: Change | null = null
  #findings: readonly Finding[] = []

  constructor(parts: RerouteParts) {
    const { invocation, world, store } = parts
    this.#parts = parts
    this.#flow = { invocation, world, store, held: null, runId: null }
    this.#end = startRunEnd(invocation)
  }

  ended(findings: readonly Finding[]): void {
    this.#findings = [...this.#findings, ...findings]
  }

  async close(): Promise<void> {
    this.#end.cancel()
    await close(this.#flow)
  }

  readonly plan = async (): Promise<Judgement> => {
    const { session, order } = this.#parts
    const reading = await readTarget(this.#flow, session)
    if (reading.kind === 'unreadable') return reading.judgement
    this.#flavour = await flavourOf(session.capabilities)
    const planning = planReroute({ ...order, text: reading.text, flavour: this.#flavour })
    if (planning.kind === 'refused')
      return refusedPlan(planning.problems, `an edit after which ${order.to} answers first`)
    this.#plan = planning
    this.#propose(planning)
    return this.#planned(planning)
  }

  #propose({ before, after, routes }: ReroutePlan): void {
    const { invocation, world, store, session, order } = this.#parts
    const change = proposeChange(
      {
        runId: newRunId('reroute', invocation.world),
        title: `reroute from ${order.from} to ${order.to}`,
        target: store.target,
        before,
        after,
        check: effectOf(this.#watched(), { before, after, flavour: this.#flavour }),
        gateway: gatewayForUndo(invocation, session),
      },
      world.mask,
    )
    this.#change = change
    this.attachments.push({
      kind: 'table',
      title: 'who answers first',
      columns: [
        { name: 'id', align: 'left' },
        { name: 'before', align: 'left' },
        { name: 'after', align: 'left' },
      ],
      rows: routes.map((route) => [route.id, route.before.join(', ') || '-', route.after.join(', ') || '-']),
    })
    this.attachments.push(...diffAttachments('the change', change.diff))
  }

  #planned({ standing, moved, vanish }: ReroutePlan): Judgement {
    const { to } = this.#parts.order
    const source = sourceOf(this.#flow)
    if (standing === 'there')
      return { outcome: 'pass', saw: `nothing to do: ${to} answers ${listed(moved)} already`, source }
    const saw = `${counted(moved.length, 'id')} to ${to}: ${listed(moved)}`
    if (vanish.length === 0) return { outcome: 'pass', saw: `${saw}; no id vanishes`, source }
    return {
      outcome: 'warn',
      saw: `${saw}; clients lose ${listed(vanish)}`,
      source,
      expected: 'every id of today stays',
      why: 'clients that ask for an id that is gone are refused',
      next: 'make sure that nobody asks for them, or use --by priority',
    }
  }

  #watched() {
    const { session, invocation } = this.#parts
    return { gateway: session.gateway, key: firstClientKey(session), clock: invocation.world.clock }
  }

  readonly prove = async (): Promise<Judgement> => {
    const { order } = this.#parts
    const id = this.#plan?.provingId ?? null
    if (id === null)
      return {
        outcome: 'unknown',
        saw: `${order.to} has no id of its own to try it by`,
        expected: `an id that only ${order.to} answers`,
        why: 'traffic is moved to a known-good provider',
        next: `give ${order.to} a prefix, then prefix/model is its own`,
      }
    return askCanary(this.#canaryContext(this.#plan?.before ?? ''), id, this.#end.signal)
  }

  readonly change = async (): Promise<Judgement> => {
    if (this.#plan === null || this.#change === null) throw new Error('a change without a plan')
    if (this.#plan.standing === 'there')
      return {
        outcome: 'pass',
        saw: 'nothing to do: the configuration says so already',
        source: sourceOf(this.#flow),
      }
    return withWayBack(await confirmAndApply(this.#flow, this.#change), this.#change)
  }

  readonly listed = async (): Promise<Judgement> => {
    const { before, after, standing } = this.#plan ?? { before: '', after: '', standing: 'there' as const }
    if (standing === 'there' || this.#change === null)
      return { outcome: 'skip', saw: 'nothing was changed', next: 'nothing to do' }
    const check = effectOf(this.#watched(), { before, after, flavour: this.#flavour })
    return seeEffect(
      this.#flow,
      { check, text: after, undoCommand: this.#change.undoCommand },
      this.#end.signal,
    )
  }

  readonly answered = async (): Promise<readonly Judgement[]> => {
    const judged: Judgement[] = []
    for (const id of (this.#plan?.moved ?? []).slice(0, MOST_CANARY_IDS)) {
      const judgement = await askCanary(this.#canaryContext(this.#plan?.after ?? ''), id, this.#end.signal)
      judged.push(judgement)
      if (judgement.outcome !== 'pass') break
    }
    return judged
  }

  #canaryContext(text: string): CanaryContext {
    const { invocation, session, order, endpoint } = this.#parts
    return canaryContext(invocation, session, { provider: order.to, endpoint, text, flavour: this.#flavour })
  }

  readonly rollback = async (): Promise<Judgement> => {
    const { session } = this.#parts
    if (stoppingStage(this.#findings) === undefined || this.#change === null || this.#plan === null)
      return { outcome: 'skip', saw: 'nothing to roll back', next: 'nothing to do' }
    const texts = { before: this.#plan.after, after: this.#plan.before, flavour: this.#flavour }
    session.gateway.forget()
    return rollBack(this.#flow, this.#change, effectOf(this.#watched(), texts))
  }
}
