import type { Told } from '../../analysis/quota/cells.ts'
import { windowsFromBuckets } from '../../analysis/windows.ts'
import type { Management } from '../../gateway/probe/management.ts'
import type { RouteAnswer } from '../../gateway/probe.ts'
import { fieldsOf, listOf, textOf } from '../../wire/fields.ts'
import { type AuthFile, type ListReading, readApiKeyUsage, readAuthFiles } from '../../wire/management.ts'
import { ROUTES, type Route } from '../../wire/routes.ts'
import { managementWords } from '../gateway.ts'
import { askModels } from '../models.ts'
import { faultWords } from '../replies.ts'
import { type LoggedRefusal, readErrorLog } from './error-log.ts'
import type { AccountModels, Facts, IncidentContext, LogView } from './incident-context.ts'

/** The facts of this run: asked once, by reads that cost nothing and change nothing. */
export function factsOf(context: IncidentContext, signal: AbortSignal): Promise<Facts> {
  return context.remember('facts', () => gather(context, signal))
}

async function gather(context: IncidentContext, signal: AbortSignal): Promise<Facts> {
  const { capabilities, gateway, clock } = context
  // The log first: what this run asks is written into it, too.
  const [log, config] = await Promise.all([context.readLog(), context.readConfig()])
  const [auth, management, models, accounts, keys, refusals] = await Promise.all([
    capabilities.auth(),
    capabilities.management(),
    askModels(gateway, context.as, signal),
    readList(context, 'authFiles', readAuthFiles, signal),
    readList(context, 'apiKeyUsage', readApiKeyUsage, signal),
    readRefusals(context, signal),
  ])
  const credentials = [...(told(accounts) ?? []), ...(told(keys) ?? [])]
  return {
    atMs: clock.nowMs(),
    auth,
    management,
    models,
    accounts,
    accountModels: await readAccountModels(context, told(accounts) ?? [], signal),
    keys,
    windows: windowsFromBuckets(credentials),
    log,
    failuresInLog: await failuresIn(log, management, context),
    config,
    refusals,
  }
}

/** A log without a single such line may be of a gateway without a failure, where its version writes them. */
async function failuresIn(
  log: Told<LogView>,
  management: Management,
  { capabilities }: IncidentContext,
): Promise<Facts['failuresInLog']> {
  const scan = told(log)?.scan
  if (!scan?.blindSpots.includes('hidden-failures')) return 'shown'
  const { family } = await capabilities.lineage()
  if (family === 'runbook-like') return 'shown'
  const version = ('build' in management ? management.build.version : null) ?? scan.gatewayVersion
  return family === 'upstream' && writesFailures(version) ? 'shown' : 'hidden'
}

/** From v7.2.138 on (contract, files 4.5); a build that does not tell its version may be older. */
function writesFailures(version: string | null): boolean {
  const [major = 0, minor = 0, patch = 0] =
    /(\d+)\.(\d+)\.(\d+)/
      .exec(version ?? '')
      ?.slice(1)
      .map(Number) ?? []
  return major > 7 || (major === 7 && (minor > 2 || (minor === 2 && patch >= 138)))
}

/** The value of a fact, or null when nobody told it. */
export function told<T>(fact: Told<T>): T | null {
  return fact.kind === 'told' ? fact.value : null
}

async function readList<T>(
  { capabilities }: IncidentContext,
  name: 'authFiles' | 'apiKeyUsage',
  read: (body: unknown) => ListReading<T>,
  signal: AbortSignal,
): Promise<Told<readonly T[]>> {
  const source = `GET ${ROUTES[name].path}`
  const answer = await capabilities.ask(name, { signal })
  if (answer.kind !== 'reply') return { kind: 'untold', reason: `${source}: ${untoldWords(answer)}` }
  const { status, body } = answer.reply
  const reading = status === 200 && body.kind === 'json' ? read(body.value) : null
  if (reading?.kind !== 'list' || (reading.entries.length === 0 && reading.unusable > 0))
    return { kind: 'untold', reason: `${source} answered ${status} without a readable list` }
  return { kind: 'told', value: reading.entries, source }
}

function untoldWords(answer: Exclude<RouteAnswer, { kind: 'reply' }>): string {
  switch (answer.kind) {
    case 'not-offered':
      return 'not offered by this gateway'
    case 'no-management':
      return managementWords(answer.management)
    case 'fault':
      return faultWords(answer.fault).saw
  }
}

/** More accounts than that are a fleet, and each costs a request. */
const MOST_ACCOUNTS = 30

async function readAccountModels(
  { capabilities }: IncidentContext,
  accounts: readonly AuthFile[],
  signal: AbortSignal,
): Promise<AccountModels[]> {
  const found = await Promise.all(
    accounts.slice(0, MOST_ACCOUNTS).map(async ({ name, provider }) => {
      const answer = await capabilities.ask('authFileModels', { query: { name }, signal })
      if (answer.kind !== 'reply' || answer.reply.status !== 200 || answer.reply.body.kind !== 'json')
        return []
      const models = listOf(fieldsOf(answer.reply.body.value).models)
      return [{ file: name, provider, ids: models.flatMap((model) => textOf(fieldsOf(model).id) ?? []) }]
    }),
  )
  return found.flat()
}

/** As many as the gateway keeps by default (contract, files 1.2). */
const MOST_ERROR_LOGS = 10
const LARGEST_ERROR_LOG_BYTES = 1_000_000

/** Reads the newest error logs of the incident's time through the management routes. They hold prompts: only the verdict on each is kept. */
async function readRefusals(
  context: IncidentContext,
  signal: AbortSignal,
): Promise<Told<readonly LoggedRefusal[]>> {
  const source = `GET ${ROUTES.errorLogs.path}`
  const answer = await context.capabilities.ask('errorLogs', { signal })
  if (answer.kind !== 'reply') return { kind: 'untold', reason: `${source}: ${untoldWords(answer)}` }
  const { status, body } = answer.reply
  if (status !== 200 || body.kind !== 'json')
    return { kind: 'untold', reason: `${source} answered ${status} without a list` }
  const names = listOf(fieldsOf(body.value).files)
    .map(fieldsOf)
    .filter(({ size }) => typeof size !== 'number' || size <= LARGEST_ERROR_LOG_BYTES)
    .filter(({ modified }) => typeof modified !== 'number' || modified * 1000 >= context.sinceMs)
    .flatMap(({ name }) => textOf(name) ?? [])
    .filter((name) => /^error-[\w.-]+\.log$/.test(name))
  const read = await Promise.all(
    names.slice(0, MOST_ERROR_LOGS).map((name) => readOne(context, name, signal)),
  )
  return { kind: 'told', value: read.flat(), source }
}

async function readOne(
  { gateway, clock }: IncidentContext,
  name: string,
  signal: AbortSignal,
): Promise<LoggedRefusal[]> {
  const route: Route = { method: 'GET', path: `${ROUTES.errorLogs.path}/${name}`, key: 'management' }
  const result = await gateway.get(route, { signal })
  if (result.kind === 'fault' || result.value.status !== 200 || !('text' in result.value.body)) return []
  const refusal = readErrorLog(result.value.body.text, clock.nowMs())
  return refusal ? [refusal] : []
}
