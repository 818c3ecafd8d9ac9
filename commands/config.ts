import type { CommandSpec } from './spec.ts'

export const configShowCommand: CommandSpec = {
  usage: 'config <action>',
  summary:
    'Show the settings in force and where each comes from (show), or the schema of provops.yaml (schema)',
  about:
    'A flag wins over the environment, that over provops.yaml, that over the default. Keys are never shown.',
  examples: [
    { line: 'provops config show', shows: 'every setting with its origin' },
    { line: 'provops config show -g prod', shows: 'as they are for the gateway named prod' },
    { line: 'provops config schema', shows: 'JSON Schema for editors' },
  ],
  flags: [{ flags: '-g, --gateway <url|name>', about: 'gateway to ask: a URL, or a name from provops.yaml' }],
  speaksTo: 'local',
  run: async (invocation) => (await import('../src/shell/config-command.ts')).runConfigCommand(invocation),
}
