import type { CommandSpec } from './spec.ts'

export const quotaCommand: CommandSpec = {
  usage: 'quota',
  summary: 'Show quota, cooldowns and tokens of every provider and credential in one table',
  about:
    'Puts together what the gateway tells in many places, and says `?` where nobody does. Reads only; spends no tokens.',
  examples: [
    { line: 'provops quota --embedded=quota-pressure', shows: 'a provider that runs out of quota' },
    { line: 'provops quota -g prod --auth-dir ~/.cli-proxy-api', shows: 'with the token files behind it' },
    { line: 'provops quota --only quota.pressure -o short', shows: 'the verdict per provider, for a script' },
    {
      line: 'provops quota --only tokens --auth-dir ./auths',
      shows: 'token files alone; the gateway may be down',
    },
    { line: 'provops quota --watch', shows: 'on the screen, drawn anew when something changes' },
    { line: 'provops quota -v', shows: 'also where each column comes from' },
  ],
  flags: [
    { flags: '--auth-dir <path>', about: "the gateway's directory of token files, if it is on this machine" },
    { flags: '--show-emails', about: 'do not mask e-mail addresses' },
    {
      flags: '--watch [duration]',
      about: 'ask again every so often (default 30s) and show what changes, until Ctrl-C',
    },
    { flags: '--sample <duration>', about: 'take two samples of the provider metrics this far apart' },
    { flags: '--logs <path|->', about: 'log file or directory of the gateway, - for stdin' },
    { flags: '--tz <zone>', about: 'time zone of the log, such as Asia/Shanghai' },
  ],
  speaksTo: 'gateway',
  run: async (invocation) => (await import('../src/shell/quota.ts')).runQuota(invocation),
}
