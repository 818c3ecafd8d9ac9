import * as z from 'zod/mini'
import type { Reply } from '../port.ts'

const SafeModeError = z.looseObject({
  error: z.literal('unsafe_example_api_key'),
  message: z.optional(z.string()),
})

/**
 * What a gateway says that refuses every call because its configuration still has a sample key, or null when it is not
 * in that mode (contract, HTTP 1.4).
 */
export function safeModeMessage(reply: Reply): string | null {
  const error = SafeModeError.safeParse(reply.body.kind === 'json' ? reply.body.value : null)
  const isSafeMode = 'x-cpa-safe-mode' in reply.headers || error.success
  if (reply.status !== 403 || !isSafeMode) return null
  return error.data?.message ?? 'api-keys still holds a sample key'
}

/** True for the page that `GET /` shows then; versions up to v7.2.50 serve nothing else. */
export function isSafeModePage({ status, body }: Reply): boolean {
  return status === 200 && body.kind === 'html' && body.title === 'Example API key detected'
}
