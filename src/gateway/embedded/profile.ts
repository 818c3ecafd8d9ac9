import type { Flavour } from '../../analysis/config/flavour.ts'
import type { Endpoint } from '../../wire/routes.ts'

/**
 * What differs between the gateways that the embedded one imitates (contract, HTTP 13). `runbook` serves every route
 * the runbook names; `upstream` and `fork` are the newest of each repository; `fork-old` is the fork's v6.8.60-0.
 */
const UPSTREAM_EXPOSED =
  'X-CPA-TRACE-ID, X-CPA-VERSION, X-CPA-COMMIT, X-CPA-BUILD-DATE, X-CPA-SUPPORT-PLUGIN, X-CPA-HOME-VERSION, X-CPA-HOME-BUILD-DATE, X-SERVER-VERSION, X-SERVER-BUILD-DATE, Location, Retry-After, X-Request-Id, OpenAI-Request-Id'
const FORK_EXPOSED =
  'X-CPA-VERSION, X-CPA-COMMIT, X-CPA-BUILD-DATE, X-CPA-SUPPORT-PLUGIN, X-CPA-HOME-VERSION, X-CPA-HOME-BUILD-DATE, X-SERVER-VERSION, X-SERVER-BUILD-DATE'

export interface Traits {
  readonly version: string
  /** What `latest-version` answers (contract, HTTP 8.3). */
  readonly latestVersion: string
  readonly commit: string
  readonly buildDate: string
  /** `Access-Control-Expose-Headers`; null where the version sends none. */
  readonly exposedHeaders: string | null
  /** Health routes beside `GET /` (contract, HTTP 1.1). */
  readonly healthPaths: readonly string[]
  /** `/v1/metrics/providers`: not there, true figures per provider, or the fork's figures per client key (contract, HTTP 3.2). */
  readonly metrics: 'none' | 'by-provider' | 'by-client-key'
  /** Contract, HTTP 7.2. */
  readonly unknownModel: 'bad-request' | 'bad-gateway'
  /** Status of `auth_unavailable`: 500 before v6.9.16 (contract, HTTP 11). */
  readonly authUnavailableStatus: 500 | 503
  readonly notFound: 'empty' | 'text'
  /** What a sample client key in the configuration does (contract, HTTP 1.4). */
  readonly sampleKeys: 'safe-mode' | 'accepted'
  /** `X-CPA-TRACE-ID` on client replies (contract, HTTP 9). */
  readonly trace: 'sent' | 'none'
  /** Shape of an error inside a Responses stream (contract, HTTP 4.5). */
  readonly responsesErrorFrame: 'flat' | 'nested'
  /** Official Codex clients get `response.failed` instead (contract, HTTP 4.5). */
  readonly codexClientErrors: 'response-failed' | 'as-others'
  /** Whether the gateway's own refusals name the providers asked. */
  readonly refusals: 'name-providers' | 'bare'
  /** A 400 that says that the model is not supported (contract, files 3.6). */
  readonly modelRefusals: 'benched' | 'free'
  /** Whether `disable-cooling` also lifts the bench after 401, 402, 403 and 404. */
  readonly refusalBench: 'switchable' | 'always'
  /** Whether any reload of the configuration sets every credential free, as recorded; the old line keeps benches. */
  readonly reloadedBenches: 'lifted' | 'kept'
  /** Whether a ban hits callers on this machine, too (contract, HTTP 8.1). */
  readonly localBans: 'banned' | 'exempt'
  /** Provider lists show `auth-index` and `disabled`, and `[]` for none (contract, HTTP 8.5). */
  readonly providerLists: 'indexed' | 'plain'
  /** Endpoints whose plain answers have keep-alive line breaks (contract, HTTP 4.4). */
  readonly plainKeepAlive: readonly Endpoint[]
  /** Codex's plan limit tells how long to wait (contract, HTTP 7.3). */
  readonly quotaHints: 'followed' | 'ignored'
  /** Shape of an error of `/v1/messages` (contract, HTTP 6). */
  readonly messagesErrors: 'claude' | 'openai'
  /** Ids of the Claude-shaped list (contract, HTTP 2.4), and what asks for that shape (contract, HTTP 2.2). */
  readonly claudeList: 'cloaked' | 'plain' | 'only-claude-cli'
  readonly usage: 'queue' | 'statistics'
  /** Counters and ten-minute buckets of credentials, and `api-key-usage` (contract, HTTP 3.3). */
  readonly buckets: 'kept' | 'none'
  /** `upstream execution failed` and `auth unavailable` lines (contract, files 4.5). */
  readonly attribution: 'warn-lines' | 'none'
  /** Which paths get a request id in the log (contract, files 4.3). */
  readonly requestIds: 'all-client-paths' | 'completion-paths'
  /** What tells a fault of the request from one of the credential (contract, HTTP 7.4). */
  readonly requestFaults: 'by-body' | 'by-status'
  /** Bench after a status that no rule names, e.g. 529. */
  readonly otherStatus: 'benched' | 'free'
  /** Further rounds when nothing may be waited for (contract, HTTP 7.4). */
  readonly zeroWaitRounds: 'immediate' | 'none'
  readonly kiroQuota: 'served' | 'none'
  /** `routing.session-affinity`: by ids in headers and body, by the body's ids and words, or not known (contract, files 1.2). */
  readonly affinity: 'named' | 'spoken' | 'none'
  /** Go files named in log lines; line numbers differ by version and mean nothing (contract, files 4.2). */
  readonly callers: { readonly ok: string; readonly warn: string; readonly error: string }
  /** `X-CPA-SUPPORT-PLUGIN` (contract, HTTP 9). */
  readonly plugins: 'supported' | 'none'
  /** Whose rules the configuration is read by. */
  readonly flavour: Flavour
  /** A management path that does not exist: key checked first, or not (contract, HTTP 1.3). */
  readonly unknownManagementPath: 'checked' | 'unchecked'
}

const upstream = {
  version: 'v7.2.140',
  latestVersion: 'v7.2.140',
  commit: 'a7e3596b',
  buildDate: '2026-08-22',
  exposedHeaders: UPSTREAM_EXPOSED,
  healthPaths: ['/healthz'],
  metrics: 'none',
  unknownModel: 'bad-request',
  authUnavailableStatus: 503,
  notFound: 'empty',
  sampleKeys: 'safe-mode',
  trace: 'sent',
  responsesErrorFrame: 'flat',
  codexClientErrors: 'response-failed',
  refusals: 'name-providers',
  modelRefusals: 'benched',
  refusalBench: 'switchable',
  reloadedBenches: 'lifted',
  localBans: 'banned',
  providerLists: 'indexed',
  plainKeepAlive: ['chat', 'responses', 'messages'],
  quotaHints: 'followed',
  messagesErrors: 'claude',
  claudeList: 'cloaked',
  usage: 'queue',
  buckets: 'kept',
  attribution: 'warn-lines',
  requestIds: 'all-client-paths',
  requestFaults: 'by-body',
  otherStatus: 'benched',
  zeroWaitRounds: 'immediate',
  kiroQuota: 'none',
  affinity: 'named',
  callers: { ok: 'gin_logger.go:97', warn: 'gin_logger.go:95', error: 'gin_logger.go:93' },
  plugins: 'supported',
  flavour: 'upstream',
  unknownManagementPath: 'checked',
} as const satisfies Traits

const fork = {
  ...upstream,
  version: 'v6.9.3-0-900-gb9b58029',
  commit: 'b9b58029',
  buildDate: '2026-08-16',
  exposedHeaders: FORK_EXPOSED,
  unknownModel: 'bad-gateway',
  flavour: 'fork',
  sampleKeys: 'accepted',
  trace: 'none',
  codexClientErrors: 'as-others',
  plainKeepAlive: ['responses', 'messages'],
  claudeList: 'plain',
  attribution: 'none',
  requestIds: 'completion-paths',
  requestFaults: 'by-status',
  otherStatus: 'free',
  zeroWaitRounds: 'none',
  affinity: 'spoken',
  callers: { ok: 'gin_logger.go:102', warn: 'gin_logger.go:100', error: 'gin_logger.go:98' },
} as const satisfies Traits

export const PROFILES = {
  runbook: {
    ...upstream,
    healthPaths: ['/health', '/healthz'],
    metrics: 'by-provider',
    kiroQuota: 'served',
  },
  upstream,
  fork,
  'fork-old': {
    ...fork,
    version: 'v6.8.60-0-plus',
    latestVersion: 'v6.9.3-0',
    commit: '152b35f0',
    buildDate: '2026-02-23',
    exposedHeaders: null,
    healthPaths: [],
    metrics: 'by-client-key',
    authUnavailableStatus: 500,
    notFound: 'text',
    responsesErrorFrame: 'nested',
    refusals: 'bare',
    modelRefusals: 'free',
    refusalBench: 'always',
    reloadedBenches: 'kept',
    localBans: 'exempt',
    providerLists: 'plain',
    quotaHints: 'ignored',
    messagesErrors: 'openai',
    claudeList: 'only-claude-cli',
    usage: 'statistics',
    buckets: 'none',
    kiroQuota: 'served',
    affinity: 'none',
    callers: { ok: 'gin_logger.go:94', warn: 'gin_logger.go:92', error: 'gin_logger.go:90' },
    plugins: 'none',
    flavour: 'fork-old',
    unknownManagementPath: 'unchecked',
  },
} as const satisfies Record<string, Traits>

export type Profile = keyof typeof PROFILES
