import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { StringDecoder } from 'node:string_decoder'

export interface ProviderRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
}

export type ProviderReply =
  | {
      readonly kind: 'reply'
      readonly status: number
      readonly headers: IncomingHttpHeaders
      readonly body: IncomingMessage
    }
  /** No reply came; the message is the one Go would give. */
  | { readonly kind: 'broken'; readonly message: string }

/** Calls providers over connections that are kept open. */
export interface Providers {
  post(request: ProviderRequest): Promise<ProviderReply>
  close(): void
}

export function createProviders(): Providers {
  const http = new HttpAgent({ keepAlive: true })
  const https = new HttpsAgent({ keepAlive: true })
  const post = (request: ProviderRequest): Promise<ProviderReply> =>
    new Promise((resolve) => {
      const isHttps = request.url.startsWith('https:')
      const body = Buffer.from(request.body)
      const outgoing = (isHttps ? httpsRequest : httpRequest)(request.url, {
        method: 'POST',
        agent: isHttps ? https : http,
        headers: { ...request.headers, 'content-length': body.length },
        signal: request.signal,
      })
      outgoing.once('response', (reply) => {
        resolve({ kind: 'reply', status: reply.statusCode ?? 0, headers: reply.headers, body: reply })
      })
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        resolve({ kind: 'broken', message: `Post "${request.url}": ${goReason(error)}` })
      })
      outgoing.end(body)
    })
  return {
    post,
    close() {
      http.destroy()
      https.destroy()
    },
  }
}

function goReason(
  error: NodeJS.ErrnoException & { readonly address?: string; readonly port?: number },
): string {
  const place = error.address ? `dial tcp ${error.address}:${error.port}: ` : ''
  switch (error.code) {
    case 'ECONNREFUSED':
      return `${place}connect: connection refused`
    case 'ECONNRESET':
      return 'EOF'
    case 'ABORT_ERR':
      return 'context canceled'
    default:
      return error.code ?? 'unknown error'
  }
}

export type WholeBody =
  | { readonly kind: 'whole'; readonly text: string }
  /** The connection broke inside the body; `text` came before. */
  | { readonly kind: 'cut'; readonly text: string }

export async function readWhole(body: IncomingMessage): Promise<WholeBody> {
  const chunks: Buffer[] = []
  const text = (): string => Buffer.concat(chunks).toString('utf8')
  try {
    for await (const chunk of body) chunks.push(chunk as Buffer)
  } catch {
    return { kind: 'cut', text: text() }
  }
  return { kind: 'whole', text: text() }
}

export type BodyPiece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'end'; readonly how: 'closed' | 'reset' }

/** The body as text, cut as it comes, and how it ended. */
export async function* piecesOf(body: IncomingMessage): AsyncGenerator<BodyPiece, void, void> {
  const decoder = new StringDecoder('utf8')
  try {
    for await (const chunk of body) {
      const text = decoder.write(chunk as Buffer)
      if (text !== '') yield { kind: 'text', text }
    }
  } catch {
    yield { kind: 'end', how: 'reset' }
    return
  }
  yield { kind: 'end', how: 'closed' }
}
