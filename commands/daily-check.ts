import type { CommandSpec } from './spec.ts'

export const dailyCheckCommand: CommandSpec = {
  usage: 'daily-check',
  summary: 'Run the daily checks: health, models, provider metrics, log bursts, Spark',
  about: "Asks the five questions of the runbook's Daily Checks. Reads only; spends no tokens.",
  examples: [
    { line: 'provops daily-check --embedded', shows: 'against the bundled gateway, no setup needed' },
    { line: 'provops daily-check -g http://gw:8317 --api-key-file key.txt', shows: 'against a live gateway' },
    {
      line: 'provops daily-check --logs /var/log/cliproxy --since 1h',
      shows: 'with the last hour of its logs',
    },
    { line: 'provops daily-check --only models,spark -o json', shows: 'two groups, for a machine' },
    { line: 'provops daily-check --wait 2m --fail-on warn', shows: 'after a deploy, in CI' },
  ],
  flags: [
    { flags: '--expect-model <ids>', about: 'ids that must be listed', repeats: true },
    { flags: '--accept-models', about: 'take the model list as the new reference for models.drift' },
    { flags: '--sample <duration>', about: 'take two samples of the provider metrics this far apart' },
    { flags: '--logs <path|->', about: 'log file or directory of the gateway, - for stdin' },
    { flags: '--since <duration>', about: 'how far back to read the log' },
    { flags: '--tz <zone>', about: 'time zone of the log, such as Asia/Shanghai' },
  ],
  speaksTo: 'gateway',
  run: async (invocation) => (await import('../src/shell/daily-ahead.ts')).runDailyCheck(invocation),
}
