import type { CheckInfo } from '../core/check.ts'
import { DAILY_CHECKS } from './daily.ts'
import { PARITY_CHECKS } from './parity.ts'
import { SPARK_CHECKS } from './spark.ts'

/** Every check of every command, as `provops checks` lists them. */
export const CATALOGUE: readonly CheckInfo[] = [
  ...DAILY_CHECKS,
  ...PARITY_CHECKS,
  ...SPARK_CHECKS.filter(({ id }) => id !== 'spark.listed'),
]
