import type { Flavour } from '../analysis/config/flavour.ts'
import { loadConfig } from '../analysis/config/load.ts'
import { offersOf } from '../analysis/config/offers.ts'
import { offeredAlone } from '../analysis/onboarding/plan.ts'
import type { CanaryContext } from '../checks/onboard-canary.ts'
import type { Endpoint } from '../wire/routes.ts'
import { firstClientKey } from './change-session.ts'
import type { Invocation } from './invocation.ts'
import type { Session } from './session.ts'

/** How one provider is asked, by the configuration `text` that the gateway runs with. */
export interface CanaryOrder {
  readonly provider: string
  readonly endpoint: Endpoint
  readonly text: string
  readonly flavour: Flavour
}

export function canaryContext(
  { settings, world }: Invocation,
  session: Session,
  { provider, endpoint, text, flavour }: CanaryOrder,
): CanaryContext {
  const loaded = loadConfig(text, flavour)
  const offers = loaded.kind === 'loaded' ? offersOf(loaded.config) : null
  return {
    gateway: session.gateway,
    clock: world.clock,
    as: firstClientKey(session),
    endpoint,
    provider,
    isAlone: (id) => offers !== null && offeredAlone(offers, id, provider),
    timeoutMs: settings.origins.timeout === 'default' ? null : settings.values.timeout,
  }
}
