import { checksCommand } from './checks.ts'
import { configShowCommand } from './config.ts'
import { dailyCheckCommand } from './daily-check.ts'
import { explainCommand } from './explain.ts'
import { gatewayCommand } from './gateway.ts'
import { parityCheckCommand } from './parity-check.ts'
import { replayCommand } from './replay.ts'
import { sparkCheckCommand } from './spark-check.ts'
import type { CommandSpec } from './spec.ts'

/** Every command, in the order of the help. Their files only describe; what runs is loaded when it is typed. */
export const COMMANDS: readonly CommandSpec[] = [
  dailyCheckCommand,
  sparkCheckCommand,
  parityCheckCommand,
  gatewayCommand,
  checksCommand,
  explainCommand,
  replayCommand,
  configShowCommand,
]
