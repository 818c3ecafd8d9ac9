import type { Flavour } from '../analysis/config/flavour.ts'
import { type OnboardingPlan, planOnboarding } from '../analysis/onboarding/plan.ts'
import { type Change, isSameTarget, proposeChange } from '../changes/change.ts'
import { listRuns } from '../changes/runs.ts'
import type { ConfigStore } from '../changes/store.ts'
import type { ChangeWorld } from '../changes/world.ts'
import { askModels } from '../checks/models.ts'
import type { OnboardContext } from '../checks/onboard.ts'
import { askCanary, type CanaryContext } from '../checks/onboard-canary.ts'
import { askImageCanary } from '../checks/onboard-image.ts'
import { monitorProvider, SHORTEST_MONITOR_MS } from '../checks/onboard-monitor.ts'
import { askProvider } from '../checks/onboard-upstream.ts'
import type { Judgement } from '../core/check.ts'
import type { Finding } from '../core/finding.ts'
import type { Attachment } from '../core/report.ts'
import { counted, listed, span } from '../core/text.ts'
import type { Endpoint } from '../wire/routes.ts'
import { canaryContext } from './change-canary.ts'
import { effectOf, flavourOf, idsEffect, type Texts, type Watched } from './change-effect.ts'
import {
  close,
  confirmAndApply,
  type Flow,
  readTarget,
  rollBack,
  seeEffect,
  sourceOf,
  take,
} from './change-flow.ts'
import { stoppingStage } from './change-report.ts'
import { firstClientKey } from './change-session.ts'
import { diffAttachments, gatewayForUndo, newRunId, type RunEnd, startRunEnd } from './change-terms.ts'
import type { Invocation } from './invocation.ts'
import { startMonitorView } from './monitor-view.ts'
import { keepProof, type OnboardProof, readProof } from './onboard-memory.ts'
import { openProvider } from './onboard-provider.ts'
import type { Order } from './onboard-spec.ts'
import { notReady, plannedJudgement, refusedPlan } from './onboard-words.ts'
import type { Session } from './session.ts'

export interface Terms {
  readonly monitorMs: number
  readonly canaries: number
  readonly endpoint: Endpoint
}

export interface OnboardParts {
  readonly invocation: Invocation
  readonly session: Session
  readonly world: ChangeWorld
  readonly store: ConfigStore
  readonly order: Order
  readonly terms: Terms
}

/** So many ids are asked before clients do; each is two requests that cost tokens. */
const MOST_CANARY_IDS = 5

/** What one run of `onboard` has learned and done so far. */
interface Progress {
  plan: OnboardingPlan | null
  flavour: Flavour
  /** Ids listed before the change. */
  listedBefore: readonly string[]
  change: Change | null
  proof: OnboardProof | null
  /** The run that wrote the provider: this one or an earlier one; null when provops did not. */
  writtenBy: string | null
  findings: readonly Finding[]
}

/** One run of `onboard`: every stage, carried out when its check is asked. */
export class OnboardRun implements OnboardContext {
  readonly attachments: Attachment[] = []
  readonly #parts: OnboardParts
  readonly #flow: Flow
  readonly #end: RunEnd
  readonly #soFar: Progress = {
    plan: null,
    flavour: 'upstream',
    listedBefore: [],
    change: null,
    proof: null,
    writtenBy: null,
    findings: [],
  }

  constructor(parts: OnboardParts) {
    const { invocation, world, store } = parts
    this.#parts = parts
    this.#flow = { invocation, world, store, held: null, runId: null }
    this.#end = startRunEnd(invocation)
  }

  ended(findings: readonly Finding[]): void {
    this.#soFar.findings = [...this.#soFar.findings, ...findings]
  }

  async close(): Promise<void> {
    this.#end.cancel()
    await close(this.#flow)
  }

  readonly plan = async (): Promise<Judgement> => {
    const { session, order } = this.#parts
    const reading = await readTarget(this.#flow, session)
    if (reading.kind === 'unreadable') return reading.judgement
    const flavour = await flavourOf(session.capabilities)
    const { newcomer, key } = order
    const planning = planOnboarding({
      text: reading.text,
      flavour,
      newcomer,
      apiKey: key?.reveal() ?? null,
    })
    if (planning.kind === 'refused') return refusedPlan(planning.problems)
    const before = await askModels(session.gateway, firstClientKey(session), this.#end.signal)
    if (before.kind === 'unknown') return before.judgement
    const listedBefore = before.list.models.map(({ id }) => id)
    const taken = planning.standing === 'new' ? planning.ids.filter((id) => listedBefore.includes(id)) : []
    if (taken.length > 0)
      return refusedPlan([
        {
          saw: `${listed(taken)} listed already, by a credential outside this file`,
          effect: 'the new provider would get a share of its traffic at once',
          fix: 'choose another alias',
        },
      ])
    Object.assign(this.#soFar, { plan: planning, flavour, listedBefore } satisfies Partial<Progress>)
    if (planning.standing === 'there') await this.#remember()
    this.#propose(planning)
    return plannedJudgement(planning, sourceOf(this.#flow))
  }

  #propose({ before, after, warnings }: OnboardingPlan): void {
    const { invocation, world, store, session } = this.#parts
    const change = proposeChange(
      {
        runId: newRunId('onboard', invocation.world),
        title: this.#title(),
        target: store.target,
        before,
        after,
        check: effectOf(this.#watched(), this.#texts()),
        gateway: gatewayForUndo(invocation, session),
      },
      world.mask,
    )
    this.#soFar.change = change
    this.attachments.push(...diffAttachments('the change', change.diff))
    if (warnings.length > 0)
      this.attachments.push({
        kind: 'text',
        title: 'lint on the new text',
        text: warnings.map(({ rule, line, saw, fix }) => `${rule} line ${line}: ${saw}; ${fix}`).join('\n'),
      })
  }

  #title(): string {
    return `onboard ${this.#parts.order.newcomer.name}`
  }

  #watched(): Watched {
    const { session, invocation } = this.#parts
    return { gateway: session.gateway, key: firstClientKey(session), clock: invocation.world.clock }
  }

  #texts(): Texts {
    const { plan, flavour, listedBefore } = this.#soFar
    return { before: plan?.before ?? '', after: plan?.after ?? '', flavour, keep: listedBefore }
  }

  readonly askProvider = async (): Promise<Judgement> => {
    const { invocation, order, session } = this.#parts
    const provider = openProvider(invocation, session, order, this.#end.signal)
    try {
      return await askProvider(provider, order.newcomer, this.#end.signal)
    } finally {
      await provider.close()
    }
  }

  readonly change = async (): Promise<Judgement> => {
    const { plan, change } = this.#soFar
    if (plan === null || change === null) throw new Error('a change without a plan')
    if (plan.standing === 'new') {
      this.#soFar.writtenBy = change.runId
      return confirmAndApply(this.#flow, change)
    }
    const busy = await take(this.#flow, this.#title())
    if (busy !== null) return busy
    // What was proven earlier stays, whatever is found now: it may carry traffic.
    const { proof, writtenBy: earlier } = this.#soFar
    this.#flow.runId = proof === null ? earlier : null
    const since = earlier === null ? 'not by provops' : `since run ${earlier}`
    return {
      outcome: 'pass',
      saw: `nothing to do: it holds the provider already, ${since}`,
      source: sourceOf(this.#flow),
    }
  }

  /** Which run wrote the provider that is there, and whether it came to a good end. */
  async #remember(): Promise<void> {
    const { world, invocation, store, order } = this.#parts
    const list = await listRuns(world)
    if (list.kind === 'fault') return
    const run = list.value.runs.find(
      ({ title, step, target }) =>
        step === 'written' && title === this.#title() && isSameTarget(target, store.target),
    )
    const proof = await readProof(invocation, store.target, order.newcomer)
    this.#soFar.writtenBy = run?.runId ?? null
    // A proof of another run says nothing about what was written since.
    this.#soFar.proof = proof?.runId === this.#soFar.writtenBy ? proof : null
  }

  readonly listed = async (): Promise<Judgement> => {
    const { plan, change, listedBefore } = this.#soFar
    if (plan === null || change === null) throw new Error('a look without a plan')
    if (plan.standing === 'new')
      return seeEffect(
        this.#flow,
        {
          check: effectOf(this.#watched(), this.#texts()),
          text: plan.after,
          undoCommand: change.undoCommand,
        },
        this.#end.signal,
      )
    const check = idsEffect(this.#watched(), { appear: plan.ids, vanish: [], keep: listedBefore })
    return seeEffect(this.#flow, { check, text: plan.after, undoCommand: 'provops lint' }, this.#end.signal)
  }

  readonly canary = async (): Promise<readonly Judgement[]> => {
    const ids = this.#canaryIds()
    const judged: Judgement[] = []
    for (const id of ids) {
      const judgement = await askCanary(this.#canaryContext(), id, this.#end.signal)
      judged.push(judgement)
      if (judgement.outcome !== 'pass') break
    }
    return judged
  }

  #canaryIds(): readonly string[] {
    return (this.#soFar.plan?.canaryIds ?? []).slice(0, MOST_CANARY_IDS)
  }

  #canaryContext(): CanaryContext {
    const { invocation, session, order, terms } = this.#parts
    const { plan, flavour } = this.#soFar
    const { name } = order.newcomer
    const { endpoint } = terms
    return canaryContext(invocation, session, { provider: name, endpoint, text: plan?.after ?? '', flavour })
  }

  readonly image = async (): Promise<Judgement> => {
    const [id] = this.#canaryIds()
    if (!this.#parts.invocation.flags.has('image-canary') || id === undefined)
      return {
        outcome: 'skip',
        saw: 'not wanted',
        next: '--image-canary sends a picture in a tool result, for models that see',
      }
    return askImageCanary(this.#canaryContext(), id, this.#end.signal)
  }

  readonly monitor = async (): Promise<Judgement> => {
    const { invocation, terms, store, order } = this.#parts
    const { proof } = this.#soFar
    if (proof !== null && proof.monitoredMs >= terms.monitorMs)
      return {
        outcome: 'pass',
        saw: `watched before, until ${proof.endedAt}: ${proof.saw}`,
        source: proof.runId === null ? 'an earlier run' : `run ${proof.runId}`,
      }
    const view = startMonitorView(invocation, terms.monitorMs)
    try {
      const judgement = await monitorProvider(
        {
          ...this.#canaryContext(),
          ids: this.#canaryIds(),
          thresholds: invocation.settings.thresholds,
          monitorMs: terms.monitorMs,
          canaries: terms.canaries,
          onLook: view.look,
        },
        this.#end.signal,
      )
      if (judgement.outcome === 'pass' || judgement.outcome === 'warn')
        await keepProof(invocation, store.target, order.newcomer, {
          runId: this.#soFar.writtenBy,
          monitoredMs: terms.monitorMs,
          endedAt: new Date(invocation.world.clock.nowMs()).toISOString(),
          saw: judgement.saw,
        })
      return judgement
    } finally {
      view.stop()
    }
  }

  readonly rollback = async (): Promise<Judgement> => {
    const { change, flavour, plan, listedBefore, findings } = this.#soFar
    const stopped = stoppingStage(findings)
    if (stopped === undefined || change === null || plan === null)
      return { outcome: 'skip', saw: 'nothing to roll back', next: 'nothing to do' }
    const check =
      plan.standing === 'new'
        ? effectOf(this.#watched(), { before: plan.after, after: plan.before, flavour, keep: listedBefore })
        : idsEffect(this.#watched(), { appear: [], vanish: plan.ids, keep: [] })
    return rollBack(this.#flow, change, check)
  }

  readonly verdict = async (): Promise<Judgement> => {
    const { findings, plan, change, proof } = this.#soFar
    const { order, terms } = this.#parts
    const stopped = stoppingStage(findings)
    if (stopped?.cause === 'human' || stopped?.cause === 'conflict')
      return { outcome: 'skip', saw: `not judged: ${stopped.id} did not get through`, next: 'run it again' }
    if (stopped !== undefined) return notReady(stopped)
    const warned = findings.filter(({ outcome }) => outcome === 'warn').map(({ id }) => id)
    const watchedMs = Math.max(proof?.monitoredMs ?? 0, terms.monitorMs)
    const back = this.#soFar.writtenBy === change?.runId ? `; the way back: ${change?.undoCommand}` : ''
    const saw = `${order.newcomer.name} with ${counted(plan?.ids.length ?? 0, 'id')} is ready for production traffic`
    if (watchedMs >= SHORTEST_MONITOR_MS && warned.length === 0) return { outcome: 'pass', saw: saw + back }
    return {
      outcome: 'warn',
      saw:
        warned.length > 0
          ? `${saw}, with care (${listed(warned)})${back}`
          : `${saw}, though watched for ${span(watchedMs)} only${back}`,
      expected: 'every stage passed, and ten minutes watched',
      why: 'the runbook wants 10 to 15 minutes before production traffic',
      next:
        warned.length > 0 ? `provops explain ${warned[0]?.split(':')[0]}` : 'run it again with --monitor 10m',
    }
  }
}
