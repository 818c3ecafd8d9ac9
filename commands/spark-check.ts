import type { CommandSpec } from './spec.ts'

export const sparkCheckCommand: CommandSpec = {
  usage: 'spark-check',
  summary: 'Check that the Spark model is listed, answers, and fails rarely enough',
  about:
    "The runbook's Spark eligibility step and Copilot Spark Mismatch playbook as a gate. Reads only, unless --probe or --sample is given.",
  examples: [
    { line: 'provops spark-check --embedded', shows: 'against the bundled gateway' },
    { line: 'provops spark-check --api-key-file plus.key --api-key-file pro.key', shows: 'key by key' },
    { line: 'provops spark-check --probe', shows: 'also asks the model and its fallback, once per key' },
    {
      line: 'provops spark-check --logs main.log --window 10m',
      shows: 'the error ratio of the last ten minutes',
    },
    {
      line: 'provops spark-check --model new-model --fallback old-model',
      shows: 'the same for the next model of this kind',
    },
  ],
  flags: [
    { flags: '--model <id>', about: 'the model (default gpt-5.3-codex-spark)' },
    { flags: '--fallback <id>', about: 'what its requests fall back to (default gpt-5.3-codex)' },
    { flags: '--probe', about: 'ask the model once per key, and the fallback once; costs tokens' },
    { flags: '--no-probe', about: 'send nothing that costs tokens (the default)' },
    { flags: '--sample <count>', about: 'take own samples for the error ratio; each costs tokens' },
    { flags: '--window <duration>', about: 'over which to count errors (default 10m)' },
    {
      flags: '--endpoint <name>',
      about: 'which endpoint to ask (default responses)',
      choices: ['responses', 'chat', 'messages'],
    },
    { flags: '--logs <path|->', about: 'log file or directory of the gateway, - for stdin' },
    { flags: '--tz <zone>', about: 'time zone of the log, such as Asia/Shanghai' },
    { flags: '--watch [duration]', about: 'keep judging, one line per change (default every 30s)' },
    {
      flags: '--auto-mitigate',
      about: 'make the change that is due: proves the fallback, shows the diff, asks',
    },
    {
      flags: '--via <way>',
      about: 'how to write: in place, or through the management routes',
      choices: ['file', 'management'],
    },
    { flags: '-y, --yes', about: 'the diff is confirmed; do not ask' },
    { flags: '--config-file <path>', about: "the gateway's config.yaml, for the change that is due" },
  ],
  speaksTo: 'gateway',
  run: async (invocation) => (await import('../src/shell/spark-check.ts')).runSparkCheck(invocation),
}
