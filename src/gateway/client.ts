import type { Clock } from '../core/clock.ts'
import type { Route } from '../wire/routes.ts'
import { hiding, type Secret } from '../wire/secret.ts'
import type { ClientEvent } from './client/events.ts'
import { type KeyOutcome, ManagementGuard } from './client/management-guard.ts'
import type { ProxySettings } from './client/proxy.ts'
import { type Preparation, type Prepared, prepare } from './client/request.ts'
import { retryWaitMs } from './client/retry.ts'
import { type Judged, Sender } from './client/sender.ts'
import { type ClientCertificate, openTransport, type Trust } from './client/transport.ts'
import { onAbort, Watch } from './client/watch.ts'
import type {
  CallOptions,
  ClientKey,
  Fault,
  Gateway,
  Reply,
  RequestTally,
  Result,
  StreamedReply,
} from './port.ts'

export interface ClientOptions {
  /** http or https, perhaps with a path prefix; user info, query and fragment are not used. */
  readonly baseUrl: URL
  readonly clientKeys: readonly Secret[]
  readonly managementKey: Secret | null
  /** The limit of one call from its start to its last byte, retries included; for a stream that of its head and of each silence. */
  readonly timeoutMs: number
  /** The run's deadline and Ctrl-C. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** From 0 to 1, for jitter. */
  readonly random: () => number
  /** `provops/x.y`: some other names change what gateways answer (contract, HTTP 2.2). */
  readonly userAgent: string
  readonly proxy: ProxySettings
  readonly trust: Trust
  readonly clientCertificate: ClientCertificate | null
  /** Tries of a read after the first one; default 2. */
  readonly retries?: number
  /** Of a body, both as it comes and unpacked; default 8 MiB. */
  readonly sizeLimitBytes?: number
  /** Of an event stream; default 64 MiB. */
  readonly streamLimitBytes?: number
  /** Open at once; default 8. */
  readonly connections?: number
  readonly onEvent?: (event: ClientEvent) => void
}

const MIB = 1024 * 1024
const DEFAULT_RETRIES = 2
const DEFAULT_SIZE_LIMIT_BYTES = 8 * MIB
const DEFAULT_STREAM_LIMIT_BYTES = 64 * MIB
const DEFAULT_CONNECTIONS = 8

/** A gateway over the network. It connects at the first call; close it to let the process end. */
export function createClient(options: ClientOptions): Gateway {
  return new LiveGateway(options)
}

type Call = CallOptions & { readonly as?: ClientKey }

class LiveGateway implements Gateway {
  readonly url: string
  readonly clientKeys: number
  readonly hasManagementKey: boolean
  readonly #options: ClientOptions
  readonly #prefix: string
  readonly #sender: Sender
  readonly #guard = new ManagementGuard()
  readonly #closing = new AbortController()
  readonly #shared = new Map<string, Promise<Result<Reply>>>()

  constructor(options: ClientOptions) {
    this.#options = options
    this.#prefix = options.baseUrl.pathname.replace(/\/+$/, '')
    this.url = options.baseUrl.origin + this.#prefix
    this.clientKeys = options.clientKeys.length
    this.hasManagementKey = options.managementKey !== null
    this.#sender = senderOf(options)
  }

  get tally(): Readonly<RequestTally> {
    return this.#sender.tally
  }

  get(route: Route, options: Call = {}): Promise<Result<Reply>> {
    const request = this.#prepare(route, options)
    if (request.kind === 'fault') return Promise.resolve(request)
    const { signal, ...lasting } = options
    const shared =
      this.#shared.get(request.identity) ??
      this.#call(request, lasting, (watch) => this.#askUntilAnswered(request, watch))
    this.#shared.set(request.identity, shared)
    return signal ? orAborted(shared, signal) : shared
  }

  forget(): void {
    this.#shared.clear()
  }

  async send(route: Route, options: Call = {}): Promise<Result<Reply>> {
    const request = this.#prepare(route, options)
    if (request.kind === 'fault') return request
    return this.#call(request, options, (watch) => this.#sender.ask(request, watch, 1))
  }

  async stream(route: Route, options: Call = {}): Promise<Result<StreamedReply>> {
    const request = this.#prepare(route, options)
    if (request.kind === 'fault') return request
    const watch = this.#watch(options)
    const result = await this.#guarded(request, watch, () => this.#sender.stream(request, watch))
    if (result.kind === 'fault') watch.release()
    return result
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#sender.close()
  }

  #prepare(route: Route, options: Call): Preparation {
    const { clientKeys: client, managementKey: management, userAgent } = this.#options
    return prepare(route, options, { client, management }, { prefix: this.#prefix, userAgent })
  }

  #watch(options: Call): Watch {
    return new Watch({
      timeoutMs: options.timeoutMs ?? this.#options.timeoutMs,
      signals: [this.#options.signal, this.#closing.signal, options.signal],
      clock: this.#options.clock,
    })
  }

  async #call(
    request: Prepared,
    options: Call,
    ask: (watch: Watch) => Promise<Judged<Reply>>,
  ): Promise<Result<Reply>> {
    const watch = this.#watch(options)
    try {
      return await this.#guarded(request, watch, () => ask(watch))
    } finally {
      watch.release()
    }
  }

  /** Ends with `watch`, even while another call has its turn with the management key. */
  #guarded<T>(request: Prepared, watch: Watch, ask: () => Promise<Judged<T>>): Promise<Result<T>> {
    const isManagement = request.route.key === 'management'
    const asked = isManagement ? this.#inTurn(watch, ask) : ask().then((judged) => judged.result)
    return Promise.race([asked, watch.stopped.then(failed)])
  }

  async #inTurn<T>(watch: Watch, ask: () => Promise<Judged<T>>): Promise<Result<T>> {
    const entry = await this.#guard.enter()
    if (entry.kind === 'held-back') return failed(entry)
    if (watch.fault) {
      entry.leave({ kind: 'undecided' })
      return failed(watch.fault)
    }
    let outcome: KeyOutcome = { kind: 'undecided' }
    try {
      const judged = await ask()
      outcome = judged.outcome
      return judged.result
    } finally {
      entry.leave(outcome)
    }
  }

  async #askUntilAnswered(request: Prepared, watch: Watch): Promise<Judged<Reply>> {
    const { clock, random, retries = DEFAULT_RETRIES } = this.#options
    for (let attempt = 1; ; attempt++) {
      const judged = await this.#sender.ask(request, watch, attempt)
      if (attempt > retries || request.route.key === 'management') return judged
      const waitMs = retryWaitMs(judged.result, attempt, random(), clock.nowMs())
      if (waitMs === null || waitMs >= watch.remainingMs) return judged
      await watch.sleep(waitMs)
      if (watch.fault) return { ...judged, result: failed(watch.fault) }
    }
  }
}

function senderOf(options: ClientOptions): Sender {
  const { baseUrl: origin, clock, onEvent = () => {} } = options
  const nowMs = () => clock.nowMs()
  return new Sender({
    origin: origin.origin,
    openTransport: () =>
      openTransport({
        ...options,
        origin: new URL(origin.origin),
        connections: options.connections ?? DEFAULT_CONNECTIONS,
        connectTimeoutMs: options.timeoutMs,
        nowMs,
        onConnected: onEvent,
      }),
    nowMs,
    sizeLimitBytes: options.sizeLimitBytes ?? DEFAULT_SIZE_LIMIT_BYTES,
    streamLimitBytes: options.streamLimitBytes ?? DEFAULT_STREAM_LIMIT_BYTES,
    hide: hiding(secretsOf(options)),
    onEvent,
  })
}

/** Everything that must not be repeated: the keys and the passwords of proxies. */
function secretsOf({ clientKeys, managementKey, proxy }: ClientOptions): string[] {
  const keys = [...clientKeys, ...(managementKey ? [managementKey] : [])].map((key) => key.reveal())
  const proxies = [proxy.httpProxy, proxy.httpsProxy].filter((url) => url !== null && URL.canParse(url))
  return [...keys, ...proxies.map((url) => new URL(url as string).password)]
}

function failed(fault: Fault): Result<never> {
  return { kind: 'fault', fault }
}

/** Stops waiting for a shared reply; the reply itself goes on coming for whoever else waits. */
function orAborted(shared: Promise<Result<Reply>>, signal: AbortSignal): Promise<Result<Reply>> {
  if (signal.aborted) return Promise.resolve(failed({ kind: 'aborted' }))
  return new Promise((resolve) => {
    const stop = () => resolve(failed({ kind: 'aborted' }))
    onAbort(signal, stop)
    void shared.then((result) => {
      signal.removeEventListener('abort', stop)
      resolve(result)
    })
  })
}
