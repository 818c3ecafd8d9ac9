import { sha256Of } from './text.ts'
import { compareValues } from './values.ts'

/** What the gateway itself can say when a change did not show. Null: could not be found out. */
export interface ReloadClues {
  /** The text of `GET /v0/management/config.yaml`: the file the gateway reads. */
  readonly servedText: string | null
  /** Lines of the gateway's log since the write. */
  readonly logLines: readonly string[] | null
}

/** The three reasons why a written change has no effect (contract, HTTP 14.20), with how to tell which. */
export const STALLS = {
  'invalid-yaml': {
    means:
      'the gateway could not load the new text and keeps its old configuration; it would not start with it',
    tell: 'its log has a line `failed to reload config` since the change',
    fix: 'undo the change; `provops lint` names what the gateway refuses',
  },
  'lost-watch': {
    means:
      'the gateway no longer watches the file: an editor or script once replaced it by rename, and later edits go unseen',
    tell: 'its log has no `config file changed` line since the change, though it reads this very file',
    fix: 'restart the gateway once; edit the file in place from then on',
  },
  'wrong-file': {
    means:
      'the gateway reads another file: another -config, a store elsewhere, or a container mount of an older inode',
    tell: '`GET /v0/management/config.yaml` does not show the new text',
    fix: 'look at its -config flag, working directory and mounts, and name that file with --config-file',
  },
} as const satisfies Record<string, { means: string; tell: string; fix: string }>

export type StallId = keyof typeof STALLS

export interface StallCause {
  readonly id: StallId
  /** `seen`: there is evidence for it. `ruled-out`: there is evidence against it. */
  readonly standing: 'seen' | 'possible' | 'ruled-out'
}

/** The causes, those with evidence first and those ruled out last. */
export function stallCauses(expectedText: string, clues: ReloadClues | null): StallCause[] {
  const served = servedOf(expectedText, clues?.servedText ?? null)
  const log = logOf(clues?.logLines ?? null)
  const causes: StallCause[] = [
    {
      id: 'invalid-yaml',
      standing: log === 'failed' ? 'seen' : log === 'unknown' ? 'possible' : 'ruled-out',
    },
    { id: 'lost-watch', standing: lostWatch(served, log) },
    { id: 'wrong-file', standing: wrongFile(served, log) },
  ]
  const rank = { seen: 0, possible: 1, 'ruled-out': 2 }
  return causes.sort((a, b) => rank[a.standing] - rank[b.standing])
}

type Served = 'expected' | 'other' | 'unknown'

function servedOf(expectedText: string, servedText: string | null): Served {
  if (servedText === null) return 'unknown'
  if (sha256Of(servedText) === sha256Of(expectedText)) return 'expected'
  // A gateway that saved the file itself has normalised it.
  return compareValues(servedText, expectedText) === 'same' ? 'expected' : 'other'
}

type LogSays = 'failed' | 'reloaded' | 'silent' | 'unknown'

/** The lines of contract, files 1.1. */
function logOf(lines: readonly string[] | null): LogSays {
  if (lines === null) return 'unknown'
  if (lines.some((line) => line.includes('failed to reload config'))) return 'failed'
  return lines.some((line) => line.includes('config file changed')) ? 'reloaded' : 'silent'
}

function lostWatch(served: Served, log: LogSays): StallCause['standing'] {
  if (log === 'failed' || log === 'reloaded' || served === 'other') return 'ruled-out'
  return served === 'expected' && log === 'silent' ? 'seen' : 'possible'
}

function wrongFile(served: Served, log: LogSays): StallCause['standing'] {
  if (served === 'other') return 'seen'
  return served === 'expected' || log === 'failed' || log === 'reloaded' ? 'ruled-out' : 'possible'
}
