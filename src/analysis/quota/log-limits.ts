import { maskCredential } from '../logs/credential.ts'
import type { LogScan } from '../logs/log-scan.ts'
import { providerName } from '../windows.ts'

/** What the log says of 429 within the window that is judged. */
export interface LimitCounts {
  /** The window begins before the log does: the counts are at least these. */
  readonly complete: boolean
  readonly providers: ReadonlyMap<string, ProviderLimits>
  /** 429 of one credential, by its name in the log (`logName`). */
  readonly credentials: ReadonlyMap<string, number>
}

export interface ProviderLimits {
  /** Refusals by the provider. */
  readonly rateLimited: number
  /** Failures without a status: perhaps more of them. */
  readonly undetermined: number
  /** Requests that the gateway answered 429 by itself, because every credential cools down. */
  readonly local: number
}

const NOTHING: ProviderLimits = { rateLimited: 0, undetermined: 0, local: 0 }

/** Null when no line of this log names a provider: then nothing can be told apart (contract, files 4.5). */
export function limitsIn(scan: LogScan, fromMs: number): LimitCounts | null {
  if (scan.blindSpots.includes('hidden-failures')) return null
  const providers = new Map<string, ProviderLimits>()
  const credentials = new Map<string, number>()
  const add = (provider: string, what: keyof ProviderLimits) => {
    const name = providerName(provider)
    const counts = providers.get(name) ?? NOTHING
    providers.set(name, { ...counts, [what]: counts[what] + 1 })
  }
  for (const { atMs, provider, status, credential } of scan.upstream.failures) {
    if (atMs < fromMs || provider === null) continue
    if (status === 429) add(provider, 'rateLimited')
    else if (status === null) add(provider, 'undetermined')
    if (status === 429 && credential !== null)
      credentials.set(credential, (credentials.get(credential) ?? 0) + 1)
  }
  for (const { atMs, provider, status, origin } of scan.refusals) {
    if (atMs >= fromMs && provider !== null && status === 429 && origin === 'local') add(provider, 'local')
  }
  return { complete: scan.span !== null && scan.span.firstMs <= fromMs, providers, credentials }
}

/** The name that a log scan gives to a token file. */
export function logName(file: string): string {
  return maskCredential(`auth_file=${file}`)
}
