import type { CommandSpec } from './spec.ts'

export const replayCommand: CommandSpec = {
  usage: 'replay <file>',
  summary: 'Print a recorded report again, in any format',
  about: 'The exit code is the recorded one. Files come from --record or from -o json.',
  examples: [
    { line: 'provops replay run.json', shows: 'as the terminal showed it' },
    { line: 'provops replay run.json -o short', shows: 'one line per finding' },
  ],
  flags: [],
  speaksTo: 'local',
  run: async (invocation) => (await import('../src/shell/replay.ts')).replayReport(invocation),
}
