import { loadConfig } from '../analysis/config/load.ts'
import { offersOf } from '../analysis/config/offers.ts'
import { findBursts } from '../analysis/logs/bursts.ts'
import type { Told } from '../analysis/quota/cells.ts'
import { type Survey, surveyTokens } from '../analysis/tokens/directory.ts'
import { PROBE_TIMEOUT_MS } from '../checks/ask-model.ts'
import type {
  ConfigView,
  IncidentContext,
  IncidentScope,
  LogView,
} from '../checks/playbooks/incident-context.ts'
import { ProviderWords } from '../checks/playbooks/provider-words.ts'
import { readAuthDir } from './auth-dir.ts'
import { flavourOf } from './change-effect.ts'
import { readConfigText } from './config-text.ts'
import { withoutTemporaryPaths } from './embedded-names.ts'
import { readGatewayLog } from './gateway-log.ts'
import { canaryHistory } from './incident-memory.ts'
import type { Invocation } from './invocation.ts'
import { managementKeyWord } from './management-key-word.ts'
import { once } from './once.ts'
import { expandPath } from './paths.ts'
import type { Session } from './session.ts'
import { type Since, sinceMsOf } from './values.ts'

/** What counts as now: a burst of this morning is no incident any more, unless somebody asks for it with --since. */
const INCIDENT_SINCE: Since = { kind: 'ago', ms: 3_600_000 }

const RUNBOOK_SPARK = { model: 'gpt-5.3-codex-spark', fallback: 'gpt-5.3-codex' }

/** What narrows the incident down, as typed. */
export function scopeOf({ flags }: Invocation): IncidentScope {
  return {
    provider: flags.text('provider') ?? null,
    models: flags.list('model'),
    prefix: flags.text('prefix')?.replace(/\/+$/, '') ?? null,
  }
}

/** Made anew for every round: the facts of one round are read once and shared by its steps. */
export function incidentContext(
  invocation: Invocation,
  session: Session,
  probing: IncidentContext['probing'],
): IncidentContext {
  const { settings, world, config } = invocation
  const { gateway, capabilities, embedded } = session
  const since = settings.origins.since === 'default' ? INCIDENT_SINCE : settings.values.since
  const sparkWindow: Since = { kind: 'ago', ms: settings.thresholds['spark-error-ratio'].windowMs }
  const memory = new Map<string, Promise<unknown>>()
  return {
    gateway,
    capabilities,
    clock: world.clock,
    thresholds: settings.thresholds,
    scope: scopeOf(invocation),
    spark: {
      model: config?.values.spark?.model ?? RUNBOOK_SPARK.model,
      fallback: config?.values.spark?.fallback ?? RUNBOOK_SPARK.fallback,
    },
    expectedModels: settings.values['expect-model'],
    owner: (playbook) => config?.values.owners?.[playbook] ?? null,
    probing,
    probeTimeoutMs: settings.origins.timeout === 'default' ? PROBE_TIMEOUT_MS : settings.values.timeout,
    as: gateway.clientKeys > 0 ? 0 : 'none',
    sinceMs: sinceMsOf(since, world.clock.nowMs()),
    readLog: once(() => readLog(invocation, session, since)),
    readConfig: once(() => readConfig(invocation, session)),
    readTokens: once(() => readTokens(invocation, session)),
    sparkLog: once(async () => {
      const reading = await readGatewayLog(invocation, session, sparkWindow)
      return 'source' in reading
        ? { ...reading, source: withoutTemporaryPaths(reading.source, session) }
        : reading
    }),
    canaries: canaryHistory(
      invocation,
      embedded ? `embedded ${embedded.scenario} ${embedded.profile}` : gateway.url,
    ),
    managementKeyWord: managementKeyWord(invocation),
    remember: <T>(key: string, make: () => Promise<T>) => {
      const known = memory.get(key) ?? make()
      memory.set(key, known)
      return known as Promise<T>
    },
  }
}

async function readLog(invocation: Invocation, session: Session, since: Since): Promise<Told<LogView>> {
  const words = new ProviderWords(invocation.world.clock.nowMs())
  const reading = await readGatewayLog(invocation, session, since, (record) => words.add(record))
  if (reading.kind !== 'scanned') return { kind: 'untold', reason: reading.saw }
  const { scan } = reading
  const source = withoutTemporaryPaths(reading.source, session)
  if (scan.content === 'none' || scan.content === 'empty')
    return { kind: 'untold', reason: `${source} holds no record of a gateway` }
  // Silence proves nothing: it may have ended because logging-to-file was turned off.
  if (scan.content === 'outside') return { kind: 'untold', reason: `${source} has no record of this period` }
  return { kind: 'told', value: { scan, bursts: findBursts(scan), words: words.found() }, source }
}

async function readConfig(invocation: Invocation, session: Session): Promise<Told<ConfigView>> {
  const reading = await readConfigText(invocation, session)
  if (reading.kind === 'none') return { kind: 'untold', reason: reading.saw }
  const source = withoutTemporaryPaths(reading.source, session)
  const loaded = loadConfig(reading.text, await flavourOf(session.capabilities))
  if (loaded.kind === 'rejected') {
    const [first] = loaded.problems
    return { kind: 'untold', reason: `${source} is broken at line ${first.line}: ${first.message}` }
  }
  for (const { apiKey } of loaded.config.credentials) invocation.redactor.add(apiKey)
  for (const { text } of loaded.config.settings.apiKeys) invocation.redactor.add(text)
  return {
    kind: 'told',
    value: { offers: offersOf(loaded.config), text: reading.text },
    source,
  }
}

/** The auth directory named, or the embedded gateway's own. */
async function readTokens({ settings, world }: Invocation, session: Session): Promise<Told<Survey>> {
  const { embedded } = session
  const named = settings.values['auth-dir']
  const path = named === null ? (embedded?.authDir ?? null) : expandPath(named, world.home, world.cwd)
  if (path === null) return { kind: 'untold', reason: 'the directory of token files is not named' }
  const reading = await readAuthDir(path, world.clock)
  return reading.kind === 'read'
    ? { kind: 'told', value: surveyTokens(reading.directory), source: withoutTemporaryPaths(path, session) }
    : { kind: 'untold', reason: reading.saw }
}
