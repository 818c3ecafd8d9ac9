import type { CommandSpec } from './spec.ts'

export const incidentCommand: CommandSpec = {
  usage: 'incident [playbook]',
  summary: 'Find the playbook of an incident, and walk through it',
  about:
    "The runbook's Incident Playbooks. Without a name: triage by cheap reads. A playbook reads, decides and proposes; it changes something only with --apply, after showing it.",
  examples: [
    {
      line: 'provops incident --embedded=stale-cooldown',
      shows: 'which playbook to open, in a rehearsed incident',
    },
    { line: 'provops incident --list', shows: 'the playbooks, by what an operator sees' },
    { line: 'provops incident auth-failures', shows: 'who refuses, and one action per cause' },
    {
      line: 'provops incident missing-models --model glm',
      shows: 'the first cause that explains it, with its line',
    },
    { line: 'provops incident tool-result-image --model glm --probe', shows: 'image canaries; costs tokens' },
    {
      line: 'provops incident rate-limit --apply',
      shows: 'carry the first proposal out, after a question, and verify it',
    },
    {
      line: 'provops incident rate-limit --apply --proposal exclude',
      shows: 'carry out another of the proposals instead',
    },
    { line: 'provops incident rate-limit --handover ticket.md', shows: 'the timeline for a ticket' },
  ],
  flags: [
    {
      flags: '--provider <name>',
      about: 'only this provider; for wrong-provider the one that should answer',
    },
    { flags: '--model <ids>', about: 'only these models', repeats: true },
    { flags: '--prefix <name>', about: 'the prefix that clients mean' },
    { flags: '--expect-model <ids>', about: 'models that must be listed', repeats: true },
    { flags: '--since <duration|instant>', about: 'how far back to read the log (default 1h)' },
    { flags: '--probe', about: 'send requests that cost tokens, where the playbook has any' },
    { flags: '--no-probe', about: 'send nothing that costs tokens (the default without --apply)' },
    {
      flags: '--apply',
      about: 'carry out the first proposal, after showing it, and verify that the symptom is gone',
    },
    { flags: '--proposal <name>', about: 'with --apply: carry out this proposal instead of the first' },
    { flags: '-y, --yes', about: 'with --apply: the change is confirmed; do not ask' },
    {
      flags: '--via <way>',
      about: 'with --apply: how to write the configuration',
      choices: ['file', 'management'],
    },
    { flags: '--handover <file.md>', about: 'write state and timeline as Markdown for a ticket' },
    { flags: '--resume <run>', about: 'go on with an earlier incident: its timeline is continued' },
    { flags: '--logs <path|->', about: 'log file or directory of the gateway, - for stdin' },
    { flags: '--tz <zone>', about: 'time zone of the log, such as Asia/Shanghai' },
    { flags: '--config-file <path>', about: "the gateway's config.yaml" },
    { flags: '--auth-dir <directory>', about: "the gateway's directory of token files" },
  ],
  speaksTo: 'gateway',
  run: async (invocation) => (await import('../src/shell/incident.ts')).runIncident(invocation),
}
