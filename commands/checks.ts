import type { CommandSpec } from './spec.ts'

export const checksCommand: CommandSpec = {
  usage: 'checks',
  summary: 'List every check provops knows',
  about: 'Ids can be pasted into --only and --skip. With -o json the whole catalogue is printed.',
  examples: [
    { line: 'provops checks', shows: 'ids, titles and what they cost' },
    { line: 'provops checks -o json', shows: 'the catalogue for a machine' },
  ],
  flags: [],
  speaksTo: 'local',
  run: async (invocation) => (await import('../src/shell/catalogue.ts')).printCatalogue(invocation),
}
