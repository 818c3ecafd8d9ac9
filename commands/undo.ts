import { CHANGE_FLAGS } from './change-flags.ts'
import { GATEWAY_FLAGS } from './flags.ts'
import type { CommandSpec } from './spec.ts'

export const undoCommand: CommandSpec = {
  usage: 'undo [run]',
  summary: 'Take a change of the gateway configuration back',
  about:
    'Puts the text before a run back, byte by byte, and looks whether the gateway took it. Without a run: the newest one.',
  examples: [
    { line: 'provops undo --list', shows: 'every change, newest first' },
    { line: 'provops undo', shows: 'take the newest change back, after a question' },
    { line: 'provops undo onboard-20261123-120000-7f3a --yes', shows: 'a certain run, without a question' },
    { line: 'provops undo --keep-file', shows: 'give up a run that was cut off; the file stays as it is' },
  ],
  flags: [
    { flags: '--list', about: 'print the changes that were made, and do nothing' },
    { flags: '--keep-file', about: 'leave the file as it is and forget a run that was cut off' },
    ...CHANGE_FLAGS,
    ...GATEWAY_FLAGS,
  ],
  speaksTo: 'local',
  run: async (invocation) => (await import('../src/shell/undo.ts')).runUndo(invocation),
}
