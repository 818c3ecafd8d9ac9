import { limitsIn } from '../../analysis/quota/log-limits.ts'
import type { Judgement } from '../../core/check.ts'
import { counted, listed, percent, span } from '../../core/text.ts'
import { ratioLevel } from '../../core/thresholds.ts'
import { ROUTES } from '../../wire/routes.ts'
import { askModel, MOST_ASKED } from './ask.ts'
import type { IncidentContext } from './incident-context.ts'
import { LIMIT_ACTIONS, type LimitCause, limitCauses } from './limit-causes.ts'
import { instantOf } from './log-facts.ts'
import { fallbacksFor, shiftRemedies } from './moves.ts'
import {
  type Diagnosis,
  diagnosisOf,
  type Evidence,
  nothingToDo,
  type Playbook,
  type Remedy,
} from './playbook.ts'
import { factsOf, told } from './read-facts.ts'
import { endingOf, stepOf } from './steps.ts'

const HEAD = {
  name: 'rate-limit',
  title: 'no repeated 429, and no provider out of capacity',
  symptom: 'clients get 429 again and again, accounts are benched, or a provider is overloaded',
  runbook: 'Incident Playbooks, Repeated 429; Rotation and Quota Strategy',
  diagnose,
  verify,
} as const

const causesOf = async (context: IncidentContext, signal: AbortSignal) =>
  limitCauses(await factsOf(context, signal), context.scope, context.thresholds)

async function diagnose(context: IncidentContext, signal: AbortSignal): Promise<Diagnosis> {
  const facts = await factsOf(context, signal)
  const causes = await causesOf(context, signal)
  const [first] = causes
  if (first === undefined) {
    const unread = facts.log.kind === 'untold' && facts.accounts.kind === 'untold'
    return unread
      ? nothingToDo('unknown', 'neither log nor accounts could be read')
      : nothingToDo('absent', 'nothing limits')
  }
  const severe = causes.filter((cause) => cause.severe)
  if (severe.length === 0)
    return nothingToDo('over', `no burst is going on; seen: ${first.saw}`, modelsOf(causes))
  const resets = severe.flatMap((cause) => resetOf(cause, context.gateway.url))
  const shifts = shiftRemedies(
    facts,
    severe.filter(({ kind }) => kind !== 'policy').flatMap(({ models }) => models),
  )
  const people = [...new Map(severe.map((cause) => [cause.kind, cause])).values()].map(
    ({ kind, provider }): Remedy => ({
      kind: 'person',
      title: `${provider}: ${LIMIT_ACTIONS[kind].means}`,
      next: LIMIT_ACTIONS[kind].next,
    }),
  )
  const models = context.scope.models.length > 0 ? context.scope.models : modelsOf(severe)
  return {
    condition: 'present',
    saw: severe[0]?.saw ?? '',
    models,
    remedies: [...resets, ...shifts, ...people],
  }
}

/** The exact call; the key comes from the environment, never from the command line. */
function resetOf({ kind, authIndex, saw }: LimitCause, url: string): Remedy[] {
  if (kind !== 'stale-cooldown' || authIndex === null) return []
  const { path } = ROUTES.resetQuota
  return [
    {
      kind: 'reset-quota',
      title: `end the cooldown: ${saw}`,
      authIndex,
      command: `curl -sS -X POST ${url}${path} -H "Authorization: Bearer $PROVOPS_MANAGEMENT_KEY" -H 'Content-Type: application/json' -d '{"auth_index":"${authIndex}"}'`,
      mind: 'if the quota is not back, one request is refused and the bench returns',
    },
  ]
}

async function verify(context: IncidentContext, models: readonly string[], signal: AbortSignal) {
  const facts = await factsOf(context, signal)
  const benched = limitCauses(facts, context.scope, context.thresholds).filter(
    ({ authIndex }) => authIndex !== null,
  )
  if (benched.length > 0) return { kind: 'still-there', saw: benched[0]?.saw ?? '' } as const
  return askModel(context, models, signal)
}

function modelsOf(causes: readonly LimitCause[]): readonly string[] {
  return [...new Set(causes.flatMap(({ models }) => models))].slice(0, 1)
}

const symptomStep = stepOf(HEAD, {
  step: 'symptom',
  kind: 'read',
  title: 'no repeated 429, and no provider out of capacity',
  asks: 'Do clients get 429, are accounts benched, or does a provider fail for want of capacity, right now?',
  why: 'Bursts of 429 are what clients feel; a benched account is felt when the last one follows.',
  cost: 'files',
  fix: 'See rate-limit.cause: which limit it is decides what helps.',
  async ask(context, signal) {
    const { condition, saw } = await diagnosisOf(HEAD, context, signal)
    const expected = 'no repeated 429'
    switch (condition) {
      case 'absent':
        return {
          outcome: 'pass',
          saw: 'no repeated 429, no bench for quota, no provider above its error share',
        }
      case 'over':
        return {
          outcome: 'warn',
          saw,
          expected,
          why: 'it may come back with the next load',
          next: 'see rate-limit.cause',
        }
      case 'unknown':
        return {
          outcome: 'unknown',
          saw,
          expected,
          why: 'nothing says who limits',
          next: 'give the log with --logs, or a management key',
        }
      case 'present':
        return {
          outcome: 'fail',
          saw,
          expected,
          why: 'requests are refused, or will be when the last credential follows',
          next: 'see rate-limit.cause',
        }
    }
  },
})

const causeStep = stepOf(HEAD, {
  step: 'cause',
  kind: 'decide',
  title: 'no limit is in the way',
  asks: "Which limit is it: the gateway's own cooldown (perhaps stale), a short limit, the quota of a plan and until when, money, capacity, or a policy? By who answered, auth-files, and the words of the error logs.",
  why: 'Only some of them end by waiting, and only one by a reset.',
  cost: 'reads',
  fix: 'Do the one action of each cause.',
  async ask(context, signal) {
    const { atMs } = await factsOf(context, signal)
    const causes = await causesOf(context, signal)
    if (causes.length === 0) return { outcome: 'pass', saw: 'nothing limits' }
    return causes.map((cause, index): Judgement => {
      const { means, next } = LIMIT_ACTIONS[cause.kind]
      return {
        outcome: cause.severe ? 'fail' : 'warn',
        subject: `${cause.kind}.${cause.provider}${causes.findIndex((one) => one.kind === cause.kind && one.provider === cause.provider) === index ? '' : `.${index + 1}`}`,
        saw: cause.saw,
        expected: 'no limit',
        why:
          cause.untilMs === null
            ? means
            : `${means}; back at ${instantOf(cause.untilMs)}, in ${span(Math.max(0, cause.untilMs - atMs))}`,
        next,
        data: { limit: cause.kind, untilMs: cause.untilMs, models: [...cause.models] },
      }
    })
  },
})

const firstBackStep = stepOf(HEAD, {
  step: 'first-back',
  kind: 'read',
  title: 'no credential has to be waited for',
  asks: 'When is the first credential back, and how many of each provider are benched?',
  why: 'Whether to wait or to shift depends on this one number.',
  cost: 'reads',
  fix: 'provops quota shows the same for every credential.',
  async ask(context, signal) {
    const { accounts, atMs } = await factsOf(context, signal)
    if (accounts.kind === 'untold')
      return { outcome: 'skip', saw: accounts.reason, next: 'give a management key' }
    const waiting = (await causesOf(context, signal)).flatMap(({ untilMs, provider }) =>
      untilMs === null ? [] : [{ untilMs, provider }],
    )
    const [first] = waiting.toSorted((a, b) => a.untilMs - b.untilMs)
    if (first === undefined)
      return {
        outcome: 'pass',
        saw: `${counted(accounts.value.length, 'account')}, none has to be waited for`,
      }
    return {
      outcome: 'warn',
      saw: `${counted(waiting.length, 'credential')} of ${listed([...new Set(waiting.map(({ provider }) => provider))])} to wait for; the first is back at ${instantOf(first.untilMs)}, in ${span(Math.max(0, first.untilMs - atMs))}`,
      expected: 'a credential that is free',
      why: 'until then every request for its models is refused unless another credential has them',
      next: 'provops quota',
    }
  },
})

const pressureStep = stepOf(HEAD, {
  step: 'pressure',
  kind: 'read',
  title: 'no provider is under quota pressure',
  asks: 'Per provider: which share of the last ten minutes was 429, and which share failed?',
  why: 'Repeated 429 and a falling success ratio are quota pressure (runbook, Quota Visibility): rotate capacity.',
  cost: 'reads',
  fix: 'Add keys or providers, reduce concurrency, or move traffic.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const threshold = context.thresholds['rate-limit-share']
    const log = told(facts.log)
    const counts = log === null ? null : limitsIn(log.scan, facts.atMs - threshold.windowMs)
    const busy = facts.windows.filter(({ requests }) => requests > 0)
    if (busy.length === 0)
      return {
        outcome: 'skip',
        saw: 'no provider with counted traffic',
        next: 'give a management key, or wait for traffic',
      }
    return busy.map((window): Judgement => {
      const limited = counts === null ? null : (counts.providers.get(window.provider)?.rateLimited ?? 0)
      const level = limited === null ? 'ok' : ratioLevel(limited, window.requests, threshold)
      const saw = `${limited === null ? '429 not told' : `429 ${percent(limited / window.requests)}`}, errors ${percent(window.failures / window.requests)} of ${window.requests}`
      if (level === 'ok' && limited !== null) return { outcome: 'pass', subject: window.provider, saw }
      if (level === 'too-few' || limited === null)
        return {
          outcome: 'skip',
          subject: window.provider,
          saw,
          next: 'ask again with more traffic, or give the log with --logs',
        }
      return {
        outcome: 'warn',
        subject: window.provider,
        saw,
        expected: `429 at most ${percent(threshold.warnAbove)}`,
        why: 'quota pressure: capacity runs out',
        next: 'add a key or provider, reduce concurrency, or provops reroute',
      }
    })
  },
})

const capacityStep = stepOf(HEAD, {
  step: 'capacity',
  kind: 'propose',
  title: 'every limited model has somewhere else to go',
  asks: 'For each limited model: which other block has the same model, and how many credentials does its own block have?',
  why: 'Keep at least one alternate provider for each critical workload class (runbook, Rotation and Quota Strategy).',
  cost: 'reads',
  fix: 'Add keys to the block, another provider (provops onboard), or tighten excluded-models for expensive ones.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const models = [...new Set((await causesOf(context, signal)).flatMap((cause) => cause.models))]
    if (models.length === 0) return { outcome: 'pass', saw: 'no model is limited' }
    if (facts.config.kind === 'untold')
      return { outcome: 'skip', saw: facts.config.reason, next: 'give --config-file, or a management key' }
    return models.slice(0, 6).map((model): Judgement => {
      const others = fallbacksFor(facts, model)
      if (others.length > 0)
        return {
          outcome: 'pass',
          subject: model,
          saw: `fallback: ${listed(
            others.map(({ id }) => id),
            3,
          )}`,
        }
      return {
        outcome: 'warn',
        subject: model,
        saw: 'no other block has this model',
        expected: 'at least one alternate provider',
        why: 'there is nowhere to shift its traffic to: only capacity, less concurrency or less exposure helps',
        next: `add a key to its block, or hide it from best-effort clients with excluded-models; provops onboard adds a provider`,
      }
    })
  },
})

export const rateLimit: Playbook = {
  ...HEAD,
  evidence: (facts, { scope, thresholds }): Evidence[] =>
    limitCauses(facts, scope, thresholds).map(({ severe, saw }) => ({
      weight: severe ? 'proof' : 'sign',
      saw,
    })),
  mostProbes: () => MOST_ASKED,
  steps: [symptomStep, causeStep, firstBackStep, pressureStep, capacityStep, ...endingOf(HEAD)],
}
