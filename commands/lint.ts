import type { CommandSpec } from './spec.ts'

export const lintCommand: CommandSpec = {
  usage: 'lint [file]',
  summary: "Lint a gateway's config.yaml: what it would refuse, ignore, drop, or do differently than meant",
  about:
    'Reads ./config.yaml, --config-file, or the file named. Workload classes for the rotation rules come from provops.yaml.',
  examples: [
    {
      line: 'provops lint config.yaml',
      shows: 'every finding with its line, what the gateway does, the fix',
    },
    { line: 'provops lint --who gpt-5.3-codex', shows: 'who answers this name, in which order' },
    { line: 'provops lint --why-missing team-a/glm', shows: 'the first cause that keeps an id away' },
    {
      line: 'provops lint --flavour fork --only config.unknown-key',
      shows: 'one rule, read as cliproxyapi++ does',
    },
  ],
  flags: [
    { flags: '--who <model>', about: 'who answers this name' },
    { flags: '--why-missing <id>', about: 'why this id is not offered' },
    {
      flags: '--flavour <name>',
      about: 'whose rules to read by (default upstream)',
      choices: ['upstream', 'fork', 'fork-old'],
    },
    { flags: '--config-file <path>', about: 'the file, when it is not given as an argument' },
    { flags: '--auth-dir <path>', about: "the gateway's token files, for what accounts offer" },
    { flags: '--only <ids>', about: 'only these rules: ids, globs', repeats: true },
    { flags: '--skip <ids>', about: 'not these rules', repeats: true },
    { flags: '--list', about: 'print the rules, and read nothing' },
    {
      flags: '--fail-on <level>',
      about: 'what makes the exit code other than 0',
      choices: ['fail', 'warn', 'never'],
    },
    {
      flags: '--exit-style <style>',
      about: 'which exit codes to use',
      choices: ['default', 'nagios', 'simple'],
    },
    { flags: '--record <file>', about: 'also write the report to a file, for `provops replay`' },
  ],
  speaksTo: 'local',
  run: async (invocation) => (await import('../src/shell/lint.ts')).runLint(invocation),
}
