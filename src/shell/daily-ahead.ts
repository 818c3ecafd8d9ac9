import type { Gateway } from '../gateway/port.ts'
import { ROUTES } from '../wire/routes.ts'
import type { Invocation } from './invocation.ts'
import { loadFormat } from './output.ts'
import type { CommandResult } from './result.ts'
import { openSession } from './session.ts'

/** `provops daily-check`. A known gateway answers while the rest is being loaded, which takes as long as its answers do. */
export async function runDailyCheck(invocation: Invocation): Promise<CommandResult> {
  const session = asksEverything(invocation) ? await openSession(invocation, askAhead) : null
  if (session?.kind === 'refused') return session
  const [{ judgeDaily }] = await Promise.all([import('./daily-check.ts'), loadFormat(invocation)])
  return judgeDaily(invocation, session)
}

function asksEverything({ flags }: Invocation): boolean {
  return !['only', 'skip', 'list'].some((narrowing) => flags.has(narrowing))
}

/** What the checks want of every gateway; they find these answers when they ask. */
function askAhead(gateway: Gateway): void {
  const keys = Array.from({ length: gateway.clientKeys }, (_, index) => index)
  for (const key of [...keys, 'none'] as const) void gateway.get(ROUTES.models, { as: key })
  if (!gateway.hasManagementKey) void gateway.get(ROUTES.metrics, { as: keys[0] ?? 'none' })
  void gateway.get(ROUTES.healthz, { as: 'none' })
}
