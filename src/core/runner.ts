import type { Check, Judgement } from './check.ts'
import type { Clock } from './clock.ts'
import { blockedBy, checkIdOf, type Finding, findingOf } from './finding.ts'
import type { SubjectFilter } from './plan.ts'

export interface RunOptions<Context> {
  readonly context: Context
  readonly clock: Clock
  /** Aborts when `--deadline` runs out or the user interrupts; checks still open then become `unknown`. */
  readonly signal: AbortSignal
  readonly subjects?: SubjectFilter
  /** Ids or globs already expanded to ids: a skip of one of these becomes `unknown`. */
  readonly required?: ReadonlySet<string>
  /** Told of each check's findings as they come in; for progress on stderr. */
  readonly onAnswered?: (findings: readonly Finding[]) => void
}

/**
 * Asks every check once and returns its findings in plan order. Checks run side by side; one that `needs` others
 * waits for just those (needs that are not in the plan are ignored). Rejects only with the exception of a defective
 * check.
 */
export async function runChecks<Context>(
  checks: readonly Check<Context>[],
  options: RunOptions<Context>,
): Promise<readonly Finding[]> {
  const answers = new Map<string, Promise<readonly Finding[]>>()
  for (const check of inOrderOfNeed(checks)) {
    const needed = (check.needs ?? []).flatMap((id) => answers.get(id) ?? [])
    answers.set(check.id, answer(check, needed, options))
  }
  const settled = await Promise.all(checks.map((check) => answers.get(check.id) ?? []))
  return settled.flat()
}

/** Needs before those who need them; the catalogue may list them in any order. */
function inOrderOfNeed<Context>(checks: readonly Check<Context>[]): readonly Check<Context>[] {
  const byId = new Map(checks.map((check) => [check.id, check]))
  const ordered = new Set<Check<Context>>()
  const visit = (check: Check<Context>, path: readonly string[]): void => {
    if (ordered.has(check)) return
    if (path.includes(check.id))
      throw new Error(`checks need each other: ${[...path, check.id].join(' -> ')}`)
    for (const id of check.needs ?? []) {
      const needed = byId.get(id)
      if (needed) visit(needed, [...path, check.id])
    }
    ordered.add(check)
  }
  for (const check of checks) visit(check, [])
  return [...ordered]
}

async function answer<Context>(
  check: Check<Context>,
  needed: readonly Promise<readonly Finding[]>[],
  options: RunOptions<Context>,
): Promise<readonly Finding[]> {
  const blocker = (await Promise.all(needed)).flat().find(isBlocking)
  const findings = blocker ? [blockedBy(check, blocker)] : await ask(check, options)
  const wanted = findings.map((finding) => requiredOr(finding, options))
  options.onAnswered?.(wanted)
  return wanted
}

function isBlocking(finding: Finding): boolean {
  return finding.outcome === 'fail' || finding.outcome === 'unknown' || finding.outcome === 'blocked'
}

async function ask<Context>(
  check: Check<Context>,
  options: RunOptions<Context>,
): Promise<readonly Finding[]> {
  const startedMs = options.clock.nowMs()
  const answered = await untilAborted(check.ask(options.context, options.signal), options.signal)
  const durationMs = Math.round(options.clock.nowMs() - startedMs)
  if (answered.kind === 'aborted') return [findingOf(check, OUT_OF_TIME, durationMs)]
  const judgements = onlySubjects(check.id, listOf(answered.value), options.subjects)
  return judgements.map((judgement) => findingOf(check, judgement, durationMs))
}

const OUT_OF_TIME: Judgement = {
  outcome: 'unknown',
  saw: 'no answer before the deadline',
  expected: 'an answer in time',
  why: 'what could not be asked is not known to be well',
  next: 'raise --deadline, or look at what is slow with --debug',
  cause: 'deadline',
}

type Settled<T> = { readonly kind: 'answered'; readonly value: T } | { readonly kind: 'aborted' }

/** Gives up waiting at the abort even if the work ignores its signal: a hanging socket must not hold the run. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<Settled<T>> {
  if (signal.aborted) {
    work.catch(() => {})
    return Promise.resolve({ kind: 'aborted' })
  }
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve({ kind: 'aborted' })
    signal.addEventListener('abort', onAbort, { once: true })
    work
      .then((value) => resolve({ kind: 'answered', value }))
      .catch((error: unknown) => (signal.aborted ? onAbort() : reject(error)))
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}

function listOf(judged: Judgement | readonly Judgement[]): readonly Judgement[] {
  if (!Array.isArray(judged)) return [judged as Judgement]
  if (judged.length === 0) throw new Error('a check answered nothing at all')
  return judged
}

function onlySubjects(
  checkId: string,
  judgements: readonly Judgement[],
  subjects: SubjectFilter | undefined,
): readonly Judgement[] {
  const wanted = subjects?.get(checkId)
  if (!wanted) return judgements
  const seen = new Set(judgements.map((judgement) => judgement.subject))
  const kept = judgements.filter(
    (judgement) => judgement.subject !== undefined && wanted.has(judgement.subject),
  )
  const missing = [...wanted].filter((subject) => !seen.has(subject))
  return [...kept, ...missing.map((subject) => noSuchSubject(subject, seen))]
}

function noSuchSubject(subject: string, seen: ReadonlySet<string | undefined>): Judgement {
  const known = [...seen].filter((name) => name !== undefined)
  return {
    outcome: 'unknown',
    subject,
    saw: `nothing was seen of ${subject}`,
    expected: 'an answer about it',
    why: 'a name nobody knows is not a pass',
    next:
      known.length > 0 ? `choose one of ${known.join(', ')}` : 'run without the :name to see which there are',
  }
}

/** `required` turns "could not be asked here" into "is not known": the operator said the answer is needed. */
function requiredOr<Context>(finding: Finding, options: RunOptions<Context>): Finding {
  if (finding.outcome !== 'skip' || !options.required?.has(checkIdOf(finding.id))) return finding
  return {
    ...finding,
    outcome: 'unknown',
    expected: 'an answer, since this check is required',
    why: 'a required check that cannot be asked says nothing about health',
  }
}
