import { checksCommand } from './checks.ts'
import { configShowCommand } from './config.ts'
import { dailyCheckCommand } from './daily-check.ts'
import { explainCommand } from './explain.ts'
import { gatewayCommand } from './gateway.ts'
import { incidentCommand } from './incident.ts'
import { lintCommand } from './lint.ts'
import { onboardCommand } from './onboard.ts'
import { parityCheckCommand } from './parity-check.ts'
import { quotaCommand } from './quota.ts'
import { rehearseCommand } from './rehearse.ts'
import { replayCommand } from './replay.ts'
import { rerouteCommand } from './reroute.ts'
import { sparkCheckCommand } from './spark-check.ts'
import type { CommandSpec } from './spec.ts'
import { undoCommand } from './undo.ts'

/** Every command, in the order of the help. Their files only describe; what runs is loaded when it is typed. */
export const COMMANDS: readonly CommandSpec[] = [
  dailyCheckCommand,
  quotaCommand,
  sparkCheckCommand,
  parityCheckCommand,
  lintCommand,
  onboardCommand,
  rerouteCommand,
  incidentCommand,
  rehearseCommand,
  undoCommand,
  gatewayCommand,
  checksCommand,
  explainCommand,
  replayCommand,
  configShowCommand,
]
