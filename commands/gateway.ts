import type { CommandSpec } from './spec.ts'

export const gatewayCommand: CommandSpec = {
  usage: 'gateway',
  summary: 'Run the bundled gateway with simulated providers behind it',
  about:
    'Loopback only. Clients, playbooks and rehearsals that work with it work with the real gateway. Ctrl-C ends it.',
  examples: [
    { line: 'provops gateway', shows: 'healthy providers on port 8317' },
    { line: 'provops gateway --list-scenarios', shows: 'what can be simulated' },
    {
      line: 'provops gateway --scenario quota-pressure --traffic 5',
      shows: 'a provider runs out of quota under 5 requests a second',
    },
    {
      line: 'provops gateway --config ./config.yaml --port 9000',
      shows: 'your own configuration, reloaded in place',
    },
  ],
  flags: [
    { flags: '--port <number>', about: 'port to listen on; 0 takes a free one (default 8317)' },
    { flags: '--scenario <name|file>', about: 'what the simulated providers do (default healthy)' },
    { flags: '--list-scenarios', about: 'print the bundled scenarios' },
    {
      flags: '--profile <name>',
      about: 'gateway to imitate',
      choices: ['runbook', 'upstream', 'fork', 'fork-old'],
    },
    { flags: '--config <file>', about: "a real gateway's config.yaml instead of the scenario's" },
    {
      flags: '--log-dir <path>',
      about: 'where to write main.log and error logs (default: a temporary folder)',
    },
    { flags: '--auth-dir <path>', about: 'token files (default: those of the scenario)' },
    { flags: '--traffic <rps>', about: 'synthetic client requests per second' },
  ],
  speaksTo: 'local',
  run: async (invocation) => (await import('../src/shell/gateway-command.ts')).runGateway(invocation),
}
