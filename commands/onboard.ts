import { CHANGE_FLAGS } from './change-flags.ts'
import { GATEWAY_FLAGS } from './flags.ts'
import type { CommandSpec } from './spec.ts'

export const onboardCommand: CommandSpec = {
  usage: 'onboard [spec]',
  summary: 'Add a provider: plan, diff, write, verify, canary, monitor, and roll back what fails',
  about:
    "The runbook's Onboard a New Provider as one run. Its canaries cost tokens. Run again after an interruption it goes on; run again when done it changes nothing.",
  examples: [
    {
      line: 'provops onboard fixtures/scenarios/onboarding/newcomer.yaml --embedded=onboarding --monitor 30s',
      shows: 'rehearse it on the bundled gateway',
    },
    {
      line: 'provops onboard newcomer.yaml --config-file config.yaml --dry-run',
      shows: 'plan and diff, nothing written',
    },
    {
      line: 'provops onboard newcomer.yaml --config-file config.yaml',
      shows: 'the whole run, after a question',
    },
    { line: 'provops onboard newcomer.yaml --via management --yes', shows: 'through the management routes' },
    {
      line: 'provops onboard --name nv --base-url https://api.example.com/v1 --prefix nv --model glm-5=glm --key-file nv.key',
      shows: 'without a spec file',
    },
  ],
  flags: [
    { flags: '--name <name>', about: 'what the gateway calls the provider' },
    { flags: '--base-url <url>', about: 'its address before /chat/completions' },
    { flags: '--prefix <prefix>', about: 'its models can be asked for as prefix/alias' },
    {
      flags: '--model <upstream=alias>',
      about: "the provider's id, and what clients ask for",
      repeats: true,
    },
    { flags: '--key-file <path|->', about: 'file with the API key of the provider, - for stdin' },
    { flags: '--config-file <path>', about: 'the config.yaml the gateway reads' },
    {
      flags: '--via <way>',
      about: 'write through the management routes instead',
      choices: ['file', 'management'],
    },
    { flags: '--monitor <duration>', about: 'how long to watch before production traffic (default 10m)' },
    { flags: '--canaries <count>', about: 'requests sent while watching (default 20; 0 only watches)' },
    {
      flags: '--endpoint <name>',
      about: 'what the clients of the provider speak (default chat)',
      choices: ['responses', 'chat', 'messages'],
    },
    { flags: '--image-canary', about: 'also send a picture in a tool result, for models that see' },
    { flags: '--dry-run', about: 'plan and print the diff, write nothing' },
    ...CHANGE_FLAGS,
    ...GATEWAY_FLAGS,
  ],
  speaksTo: 'local',
  run: async (invocation) => (await import('../src/shell/onboard.ts')).runOnboard(invocation),
}
