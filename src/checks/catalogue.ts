import type { CheckInfo } from '../core/check.ts'
import { DAILY_CHECKS } from './daily.ts'

/** Every check of every command, as `provops checks` lists them. */
export const CATALOGUE: readonly CheckInfo[] = [...DAILY_CHECKS]
