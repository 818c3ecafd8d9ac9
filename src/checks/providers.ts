import {
  credentialsOf,
  deltaOfTotals,
  type ProviderWindow,
  type TotalsDelta,
  type TotalsSample,
  windowsFromBuckets,
} from '../analysis/windows.ts'
import type { Check, Judgement } from '../core/check.ts'
import { counted, groupedNumber, percent, span } from '../core/text.ts'
import { type RatioThreshold, ratioLevel } from '../core/thresholds.ts'
import type { Reply, Result } from '../gateway/port.ts'
import { readApiKeyUsage, readAuthFiles } from '../wire/management.ts'
import { readProviderMetrics } from '../wire/metrics.ts'
import { ROUTES } from '../wire/routes.ts'
import type { DailyContext } from './daily-context.ts'
import { type Asked, unknownFrom, unreadable } from './replies.ts'
