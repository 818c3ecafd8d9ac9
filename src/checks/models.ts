import { diffInventories, type InventoryDiff } from '../analysis/inventory.ts'
import type { Check, Judgement } from '../core/check.ts'
import { nearest } from '../core/near.ts'
import { counted, listed, printable, span } from '../core/text.ts'
import type { ClientKey, Gateway, Reply } from '../gateway/port.ts'
import { gatewayErrorText } from '../wire/gateway-error.ts'
import { type ModelList, readModelList } from '../wire/models.ts'
import { ROUTES } from '../wire/routes.ts'
import type { DailyContext, NamedKey } from './daily-context.ts'
import { type Asked, bodyWords, type Unknown, unknownFrom, unreadable } from './replies.ts'

const ASKED: Asked = {
  source: 'GET /v1/models',
  expected: '200 with a list of models',
  why: 'without the list nobody can say what clients may ask for',
}

export type ModelsAnswer =
  | { readonly kind: 'list'; readonly list: ModelList; readonly reply: Reply }
  | { readonly kind: 'unknown'; readonly judgement: Unknown }

/** The model list that a key sees; any answer that is not a readable list is a judgement that says why. */
export async function askModels(gateway: Gateway, as: ClientKey, signal: AbortSignal): Promise<ModelsAnswer> {
  const result = await gateway.get(ROUTES.models, { as, signal })
  if (result.kind === 'fault') return { kind: 'unknown', judgement: unknownFrom(result.fault, ASKED) }
  const reply = result.value
  if (reply.status === 401 || reply.status === 403) {
    const judgement = { ...unreadable(reply, '', ASKED), ...refusalWords(reply, as), cause: 'auth' } as const
    return { kind: 'unknown', judgement }
  }
  if (reply.status !== 200 || reply.body.kind !== 'json')
    return { kind: 'unknown', judgement: unreadable(reply, '', ASKED) }
  const reading = readModelList(reply.body.value)
  if (reading.kind === 'unreadable')
    return { kind: 'unknown', judgement: unreadable(reply, reading.reason, ASKED) }
  return { kind: 'list', list: reading.list, reply }
}

function refusalWords({ status, body }: Reply, as: ClientKey) {
  const text = body.kind === 'json' ? gatewayErrorText(body.value) : null
  if (as === 'none' && text !== null) {
    return {
      saw: 'no client key was given, and this gateway wants one',
      next: 'set PROVOPS_API_KEY, or give --api-key-file <path>',
    }
  }
  const words = text === null ? bodyWords(body) : `"${printable(text, 80)}"`
  return { saw: `answered ${status} with ${words}`, next: 'provops daily-check --only gateway.auth' }
}

/** The key that `models.*` speak for: the first, or none on a gateway that was given no key. */
export function firstKey({ gateway }: DailyContext): ClientKey {
  return gateway.clientKeys > 0 ? 0 : 'none'
}

function evidence({ list, reply }: ModelsAnswer & { kind: 'list' }) {
  return {
    source: ASKED.source,
    attempts: reply.attempts,
    data: {
      models: list.models.length,
      unusable: list.unusable,
      shape: list.shape,
      duplicates: [...list.duplicates],
    },
  }
}

const listedCheck: Check<DailyContext> = {
  id: 'models.listed',
  title: 'the gateway lists models',
  group: 'models',
  asks: 'Does GET /v1/models answer 200 with a readable list of at least one model, and is every entry usable?',
  why: 'An empty list means that no credential can serve; an unreadable one means that nobody knows.',
  cost: 'reads',
  fix: 'Empty: look for credentials that are disabled, suspended or not loaded (provops incident missing-models).',
  runbook: 'Daily Checks, 2 Model inventory',
  needs: ['gateway.auth'],
  async ask(context, signal) {
    const answer = await askModels(context.gateway, firstKey(context), signal)
    if (answer.kind === 'unknown') return answer.judgement
    context.learned.models = answer.list
    return judgeListed(answer)
  },
}

function judgeListed(answer: ModelsAnswer & { kind: 'list' }): Judgement {
  const { models, unusable, shape } = answer.list
  const proof = evidence(answer)
  if (models.length === 0) {
    return {
      ...proof,
      outcome: 'fail',
      saw:
        unusable === 0
          ? 'the list is empty'
          : `${counted(unusable, 'entry', 'entries')}, none with a usable id`,
      expected: 'at least one model',
      why: 'no credential behind this gateway can serve: every request will be refused',
      next: 'provops incident missing-models',
    }
  }
  const form = shape === 'openai' ? '' : ` (in ${shape} form)`
  if (unusable === 0) return { ...proof, outcome: 'pass', saw: counted(models.length, 'model') + form }
  return {
    ...proof,
    outcome: 'warn',
    saw: `${counted(models.length, 'model')}${form} and ${counted(unusable, 'entry', 'entries')} without a usable id`,
    expected: 'only entries with an id',
    why: 'clients that read the list strictly will refuse it whole',
    next: 'provops lint',
  }
}

const expectedCheck: Check<DailyContext> = {
  id: 'models.expected',
  title: 'every expected model is listed',
  group: 'models',
  asks: 'Is each id of --expect-model or `expect-models` in the list, exactly as written?',
  why: 'A count alone hides that the one model a client needs is gone.',
  cost: 'reads',
  fix: 'provops lint --why-missing <id> names the first cause that explains an absence.',
  runbook: 'Daily Checks, 2 Model inventory; Onboard a New Provider, 4',
  needs: ['models.listed'],
  async ask(context, signal) {
    if (context.expectedModels.length === 0) {
      return {
        outcome: 'skip',
        saw: 'no model is named as expected',
        next: 'name them with --expect-model or expect-models in provops.yaml',
      }
    }
    const answer = await askModels(context.gateway, firstKey(context), signal)
    return answer.kind === 'unknown' ? answer.judgement : judgeExpected(answer, context.expectedModels)
  },
}

function judgeExpected(answer: ModelsAnswer & { kind: 'list' }, expected: readonly string[]): Judgement {
  const ids = answer.list.models.map((model) => model.id)
  const missing = expected.filter((id) => !ids.includes(id))
  const proof = { ...evidence(answer), data: { expected: [...expected], missing } }
  if (missing.length === 0)
    return { ...proof, outcome: 'pass', saw: `all ${counted(expected.length, 'expected model')} listed` }
  if (answer.list.hasMore)
    return { ...proof, ...pagedList(`${listed(missing)} not on the first page of the list`) }
  const near = missing.flatMap((id) => nearest(id, ids).slice(0, 1))
  return {
    ...proof,
    outcome: 'fail',
    saw: `missing: ${listed(missing)}${near.length > 0 ? ` (nearest listed: ${listed(near)})` : ''}`,
    expected: `${listed(expected)} in the list`,
    why: 'clients that ask for these ids are refused',
    next: `provops incident missing-models --model ${missing[0]}`,
  }
}

function pagedList(saw: string) {
  return {
    outcome: 'unknown',
    saw,
    expected: 'the whole list on one page',
    why: 'absence from one page of a longer list proves nothing',
    next: 'ask the gateway itself instead of a service that pages the list',
  } as const
}

const driftCheck: Check<DailyContext> = {
  id: 'models.drift',
  title: 'the models are those of the last green run',
  group: 'models',
  asks: 'Compared with the last green run against this gateway with this key: which ids are gone, new, or owned by somebody else?',
  why: 'Models vanish when their credentials are suspended, and change owner when another provider shadows them.',
  cost: 'reads',
  fix: 'Unwanted: provops incident missing-models or wrong-provider. Wanted: daily-check --accept-models takes the list as the new reference.',
  runbook: 'Daily Checks, 2 Model inventory',
  needs: ['models.listed'],
  async ask(context, signal) {
    const answer = await askModels(context.gateway, firstKey(context), signal)
    return answer.kind === 'unknown' ? answer.judgement : judgeDrift(answer, context)
  },
}

function judgeDrift(
  answer: ModelsAnswer & { kind: 'list' },
  { rememberedInventory: before, clock }: DailyContext,
): Judgement {
  if (!before)
    return {
      outcome: 'skip',
      saw: 'no earlier green run to compare with',
      next: 'the next green run becomes the reference',
    }
  if (before.shape !== answer.list.shape) {
    return {
      outcome: 'skip',
      saw: `the list is in ${answer.list.shape} form, the last one in ${before.shape} form`,
      next: 'daily-check --accept-models',
    }
  }
  const diff = diffInventories(before.models, answer.list.models)
  const since = `since ${span(clock.nowMs() - before.atMs)} ago`
  const proof = {
    ...evidence(answer),
    data: { gone: [...diff.gone], added: [...diff.added], ownerChanged: [...diff.ownerChanged] },
  }
  if (diff.gone.length === 0 && diff.ownerChanged.length === 0) {
    const news =
      diff.added.length === 0 ? 'unchanged' : `${diff.added.length} new (${listed(diff.added, 3)}), none gone`
    return { ...proof, outcome: 'pass', saw: `${news} ${since}` }
  }
  if (answer.list.hasMore) return { ...proof, ...pagedList(driftWords(diff)) }
  return {
    ...proof,
    outcome: 'warn',
    saw: `${driftWords(diff)} ${since}`,
    expected: 'every model of the last green run, with the same owner',
    why: 'a model that is gone refuses its clients; one with another owner is answered by somebody else',
    next: `provops incident ${diff.gone.length > 0 ? 'missing-models' : 'wrong-provider'}, or daily-check --accept-models if it is meant to be so`,
  }
}

function driftWords({ gone, added, ownerChanged }: InventoryDiff): string {
  const owners = ownerChanged.map(
    ({ id, before, now }) => `${id} (${before || 'nobody'} -> ${now || 'nobody'})`,
  )
  return [
    gone.length > 0 ? `gone: ${listed(gone)}` : '',
    ownerChanged.length > 0 ? `other owner: ${listed(owners, 3)}` : '',
    added.length > 0 ? `new: ${listed(added, 3)}` : '',
  ]
    .filter((part) => part !== '')
    .join('; ')
}

export const MODEL_CHECKS = [listedCheck, expectedCheck, driftCheck] as const

/** For questions asked once per client key: the subject is left out when there is only one. */
export function subjectOf(key: NamedKey, keys: readonly NamedKey[]): { subject?: string } {
  return keys.length > 1 ? { subject: key.name } : {}
}
