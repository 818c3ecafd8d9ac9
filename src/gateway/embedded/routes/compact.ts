import type { ServedRoute } from '../runtime.ts'
import { answerBody, readRequest } from './completions.ts'

/** `POST /v1/responses/compact`: answers like `/v1/responses`, never as a stream (contract, HTTP 4). */
export const COMPACT_ROUTES: readonly ServedRoute[] = [
  {
    method: 'POST',
    path: '/v1/responses/compact',
    key: 'client',
    async handle(exchange, runtime) {
      const body = await readRequest(exchange)
      if (body === 'replied') return body
      if (body.stream !== true) return answerBody(exchange, runtime, 'responses', { ...body, stream: false })
      const message = 'Streaming not supported for compact responses'
      return exchange.json(400, { error: { message, type: 'invalid_request_error' } })
    },
  },
]
