import type { CommandSpec } from './spec.ts'

export const explainCommand: CommandSpec = {
  usage: 'explain <id>',
  summary: 'Explain a check: what it asks, why, by which limits, what to do',
  about: "The id may be a whole finding's, such as providers.errors:codex.",
  examples: [
    { line: 'provops explain models.listed', shows: 'one check' },
    { line: 'provops explain providers.errors', shows: 'with the thresholds in force' },
  ],
  flags: [],
  speaksTo: 'local',
  run: async (invocation) => (await import('../src/shell/catalogue.ts')).explainCheck(invocation),
}
