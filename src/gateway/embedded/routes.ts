import { API_KEY_ROUTES } from './management/api-keys.ts'
import { AUTH_FILE_ROUTES } from './management/auth-files.ts'
import { CONFIG_ROUTES } from './management/config.ts'
import { FACT_ROUTES } from './management/facts.ts'
import { logRoutes } from './management/logs.ts'
import { OAUTH_MAP_ROUTES } from './management/oauth-maps.ts'
import { providerRoutes } from './management/providers.ts'
import { KIRO_QUOTA_ROUTES, RESET_QUOTA_ROUTES } from './management/quota.ts'
import { settingRoutes } from './management/settings.ts'
import { usageRoutes } from './management/usage.ts'
import { COMPACT_ROUTES } from './routes/compact.ts'
import { COMPLETION_ROUTES } from './routes/completions.ts'
import { COUNT_TOKENS_ROUTES } from './routes/count-tokens.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { MODEL_ROUTES } from './routes/models.ts'
import { publicRoutes } from './routes/public.ts'
import { TEXT_COMPLETION_ROUTES } from './routes/text-completions.ts'
import type { Runtime, ServedRoute } from './runtime.ts'

/** Every route the profile serves (contract, HTTP 11 and 13). */
export function routesFor({ profile, traits }: Pick<Runtime, 'profile' | 'traits'>): readonly ServedRoute[] {
  return [
    ...publicRoutes(traits),
    ...MODEL_ROUTES,
    ...COMPLETION_ROUTES,
    ...COMPACT_ROUTES,
    ...COUNT_TOKENS_ROUTES,
    ...TEXT_COMPLETION_ROUTES,
    ...(traits.metrics === 'none' ? [] : metricsRoutes(traits.metrics)),
    ...settingRoutes(profile),
    ...CONFIG_ROUTES,
    ...API_KEY_ROUTES,
    ...providerRoutes(traits.flavour),
    ...OAUTH_MAP_ROUTES,
    ...AUTH_FILE_ROUTES,
    ...(profile === 'fork-old' ? [] : RESET_QUOTA_ROUTES),
    ...(traits.kiroQuota === 'served' ? KIRO_QUOTA_ROUTES : []),
    ...FACT_ROUTES,
    ...usageRoutes(traits.usage, traits.buckets),
    ...logRoutes(profile === 'fork-old' ? 'unknown' : 'offered'),
  ]
}
