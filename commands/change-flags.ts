import { EXIT_STYLES, FAIL_ON } from '../src/core/exit-codes.ts'
import type { FlagSpec } from './spec.ts'

/** Flags of commands that write the configuration of a gateway. */
export const CHANGE_FLAGS: readonly FlagSpec[] = [
  { flags: '-y, --yes', about: 'the diff is confirmed; do not ask' },
  { flags: '--fail-on <level>', about: 'what makes the exit code other than 0', choices: FAIL_ON },
  { flags: '--exit-style <style>', about: 'which exit codes to use', choices: EXIT_STYLES },
  { flags: '--record <file>', about: 'also write the report to a file, for `provops replay`' },
]
