import { providerName } from '../../analysis/windows.ts'
import { counted, listed } from '../../core/text.ts'
import { readApiKeyUsage, readAuthFiles } from '../../wire/management.ts'
import { askOnce, problemOf } from './ask.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import { told } from './read-facts.ts'

/** Who answered a few requests for one model. */
export interface LiveAnswers {
  readonly model: string
  /** The provider that is meant; null when nothing tells. */
  readonly meant: string | null
  readonly words: string
  /** Other providers that answered. */
  readonly strays: readonly string[]
  /** Why it could not be seen; null when it was. */
  readonly problem: string | null
}

/** Enough to see two providers in turn with two credentials each. */
export const REQUESTS_PER_MODEL = 4

export interface WhoAnswers {
  readonly model: string
  readonly meant: string | null
  /** Everybody who can answer by configuration and accounts; nobody: not known. */
  readonly candidates: readonly string[]
}

/** Asks a few times and sees who answered: by the trace header (contract, HTTP 9), else by the counters that moved. */
export async function whoAnswersNow(
  context: IncidentContext,
  facts: Facts,
  { model, meant, candidates }: WhoAnswers,
  signal: AbortSignal,
): Promise<LiveAnswers> {
  const unseen = (problem: string): LiveAnswers => ({ model, meant, words: '', strays: [], problem })
  const before = await successes(context, signal)
  const traced: string[] = []
  let answered = 0
  let problem: string | null = null
  for (let round = 0; round < REQUESTS_PER_MODEL && !signal.aborted; round++) {
    const asked = await askOnce(context, model, signal)
    problem = problemOf(asked)
    if (asked.kind === 'fault' || problem !== null) break
    answered++
    const provider = asked.trace && providerOf(asked.trace.authIndex, facts)
    if (provider) traced.push(provider)
  }
  if (answered === 0) return unseen(problem ?? 'stopped before there was an answer')
  const isTraced = traced.length === answered
  const seen = isTraced ? tally(traced) : moved(before, await successes(context, signal), candidates)
  if (seen.size === 0) return unseen('answered, and neither a trace header nor a counter tells by whom')
  // One that moved alone answered everything; of several the requests of other clients cannot be told apart.
  if (!isTraced && seen.size > 1 && sum(seen) > answered)
    return unseen(
      `other clients were served meanwhile, so the counters do not tell who of ${listed([...seen.keys()])} answered`,
    )
  const counts = seen.size === 1 ? [...seen.keys()].map((name) => [name, answered] as const) : [...seen]
  const words = `${listed(counts.map(([provider, count]) => `${provider} ${count}`))} of ${counted(answered, 'request')}, ${isTraced ? 'by the trace header' : 'by the counters that moved'}`
  const intended = meant ?? [...seen.keys()][0]
  return { model, meant, words, strays: [...seen.keys()].filter((name) => name !== intended), problem: null }
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0)
}

/** Accounts by their index; keys of config.yaml are not listed, so whoever is none of the accounts is not known by it. */
function providerOf(authIndex: string, facts: Facts): string | null {
  const account = told(facts.accounts)?.find((one) => one.authIndex === authIndex)
  return account ? providerName(account.provider) : null
}

function tally(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** Successful requests so far, per provider. */
async function successes(
  { capabilities, gateway }: IncidentContext,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  gateway.forget()
  const counts = new Map<string, number>()
  for (const [route, read] of [
    ['authFiles', readAuthFiles],
    ['apiKeyUsage', readApiKeyUsage],
  ] as const) {
    const answer = await capabilities.ask(route, { signal })
    const body = answer.kind === 'reply' && answer.reply.status === 200 ? answer.reply.body : null
    const reading = body?.kind === 'json' ? read(body.value) : null
    if (reading?.kind !== 'list') continue
    for (const { provider, success } of reading.entries) {
      const name = providerName(provider)
      counts.set(name, (counts.get(name) ?? 0) + (success ?? 0))
    }
  }
  return counts
}

/** Successes since then, of those who can have answered. */
function moved(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  candidates: readonly string[],
): Map<string, number> {
  return new Map(
    [...after].flatMap(([provider, count]) => {
      const more = count - (before.get(provider) ?? 0)
      const can = candidates.length === 0 || candidates.includes(provider)
      return more > 0 && can ? [[provider, more] as const] : []
    }),
  )
}
