import { REROUTE_WAYS } from '../src/analysis/reroute-ways.ts'
import { CHANGE_FLAGS } from './change-flags.ts'
import { GATEWAY_FLAGS } from './flags.ts'
import type { CommandSpec } from './spec.ts'

export const rerouteCommand: CommandSpec = {
  usage: 'reroute',
  summary: 'Move an alias, a prefix or a workload to another, known-good provider',
  about:
    'The runbook\'s "reroute by updating model prefix policy and aliases". The other provider is proven by a canary first; the canaries cost tokens.',
  examples: [
    {
      line: 'provops reroute --alias glm --from aggregator --to nvidia --config-file config.yaml --dry-run',
      shows: 'who answers what, before and after',
    },
    {
      line: 'provops reroute --alias glm --from aggregator --to nvidia --upstream-model z-ai/glm5',
      shows: 'with another name at the new provider',
    },
    {
      line: 'provops reroute --prefix team-a --from aggregator --to nvidia',
      shows: 'everything behind a prefix',
    },
    {
      line: 'provops reroute --workload chat --from aggregator --to nvidia --by priority',
      shows: 'a workload of provops.yaml, by priority',
    },
  ],
  flags: [
    { flags: '--alias <ids>', about: 'ids that move, as clients ask for them', repeats: true },
    { flags: '--prefix <prefix>', about: 'move every id behind this prefix' },
    { flags: '--workload <name>', about: 'move the models of a workload of provops.yaml' },
    { flags: '--from <provider>', about: 'who answers today' },
    { flags: '--to <provider>', about: 'who shall answer' },
    { flags: '--by <way>', about: 'how to move (default alias)', choices: REROUTE_WAYS },
    {
      flags: '--upstream-model <id>',
      about: 'the model that takes over, by the id the new provider has for it',
    },
    { flags: '--config-file <path>', about: 'the config.yaml the gateway reads' },
    {
      flags: '--via <way>',
      about: 'write through the management routes instead',
      choices: ['file', 'management'],
    },
    {
      flags: '--endpoint <name>',
      about: 'what canaries speak (default chat)',
      choices: ['responses', 'chat', 'messages'],
    },
    { flags: '--dry-run', about: 'plan, prove and print the diff, write nothing' },
    ...CHANGE_FLAGS,
    ...GATEWAY_FLAGS,
  ],
  speaksTo: 'local',
  run: async (invocation) => (await import('../src/shell/reroute.ts')).runReroute(invocation),
}
