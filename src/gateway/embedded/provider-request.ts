import type { IncomingHttpHeaders } from 'node:http'
import type { ProviderBody } from './reply-body.ts'
import type { JsonBody } from './translation/types.ts'

export interface ProviderRequest {
  /** Of the credential's entry, without a slash at its end. */
  readonly baseUrl: string
  /** Put behind it. */
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonBody
  /** For whom; leaving breaks the request off, also in the middle of the reply. */
  readonly asker: Asker
}

/** A client's signal is made when it is first looked at, which a request that is answered at once never does. */
export interface Asker {
  readonly gone: AbortSignal
}

export type ProviderReply =
  | {
      readonly kind: 'reply'
      readonly status: number
      readonly headers: IncomingHttpHeaders
      readonly body: ProviderBody
    }
  /** No reply came; the message is the one Go would give. */
  | { readonly kind: 'broken'; readonly message: string }

export function urlOf({ baseUrl, path }: Pick<ProviderRequest, 'baseUrl' | 'path'>): string {
  return `${baseUrl}${path}`
}
