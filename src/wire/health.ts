import parseDuration from 'parse-duration'
import * as z from 'zod/mini'

const Banner = z.looseObject({ message: z.string(), endpoints: z.array(z.string()) })

/** The JSON banner of `GET /`, which every version has: a liveness answer and a hint of routes (contract, HTTP 1.1). */
export type BannerReading =
  | { readonly kind: 'banner'; readonly message: string; readonly endpoints: readonly string[] }
  | { readonly kind: 'other' }

export function readBanner(body: unknown): BannerReading {
  const banner = Banner.safeParse(body)
  if (!banner.success || !banner.data.endpoints.some((line) => line.includes('/v1/')))
    return { kind: 'other' }
  return { kind: 'banner', message: banner.data.message, endpoints: banner.data.endpoints }
}

const Status = z.looseObject({ status: z.string() })

/** True for the `{"status":"ok"}` of `/healthz`. A 200 with any other body is somebody else's page. */
export function isHealthy(body: unknown): boolean {
  const status = Status.safeParse(body)
  return status.success && status.data.status.toLowerCase() === 'ok'
}

/** What is left of a ban; `leftMs` is null when the duration is unreadable. */
export interface Ban {
  /** The gateway's own words, a Go duration such as `29m59s`. */
  readonly leftText: string
  readonly leftMs: number | null
}

/** Reads "IP banned due to too many failed attempts. Try again in 29m59s"; null if it is no ban (contract, HTTP 8.1). */
export function readBan(text: string): Ban | null {
  const leftText = /\bIP banned\b.*?\bTry again in (?<left>[0-9hms.]+)/i.exec(text)?.groups?.left
  return leftText === undefined ? null : { leftText, leftMs: parseDuration(leftText) }
}

const SafeModeError = z.looseObject({
  error: z.literal('unsafe_example_api_key'),
  message: z.optional(z.string()),
})

/** What a gateway in safe mode says to every call; null when the body is not that (contract, HTTP 1.4). */
export function readSafeMode(body: unknown): string | null {
  const error = SafeModeError.safeParse(body)
  return error.success ? (error.data.message ?? SAFE_MODE_MESSAGE) : null
}

export const SAFE_MODE_MESSAGE = 'api-keys still holds a sample key'

const Debug = z.looseObject({ debug: z.boolean() })

/** True for the answer of `GET /v0/management/debug`, which every version has (contract, HTTP 8.1). */
export function isDebugSetting(body: unknown): boolean {
  return Debug.safeParse(body).success
}
