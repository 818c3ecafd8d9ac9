import { readSafeMode, SAFE_MODE_MESSAGE } from '../../wire/health.ts'
import type { Reply } from '../port.ts'

/**
 * What a gateway says that refuses every call because its configuration still has a sample key, or null when it is not
 * in that mode (contract, HTTP 1.4).
 */
export function safeModeMessage(reply: Reply): string | null {
  const message = readSafeMode(reply.body.kind === 'json' ? reply.body.value : null)
  if (reply.status !== 403) return null
  return message ?? ('x-cpa-safe-mode' in reply.headers ? SAFE_MODE_MESSAGE : null)
}

/** True for the page that `GET /` shows then; versions up to v7.2.50 serve nothing else. */
export function isSafeModePage({ status, body }: Reply): boolean {
  return status === 200 && body.kind === 'html' && body.title === 'Example API key detected'
}
