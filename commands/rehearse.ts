import type { CommandSpec } from './spec.ts'

export const rehearseCommand: CommandSpec = {
  usage: 'rehearse [playbook]',
  summary: 'Walk through playbooks on simulated incidents, from symptom to verified mitigation',
  about:
    'As training and as proof. Each playbook meets the incident it is made for on a bundled gateway of its own; no live gateway is asked.',
  examples: [
    { line: 'provops rehearse --all', shows: 'every playbook, in one table' },
    { line: 'provops rehearse rate-limit', shows: 'every step of one, with its timeline' },
    { line: 'provops rehearse --all --seed 7', shows: 'with other chances, and the same ones every time' },
  ],
  flags: [
    { flags: '--all', about: 'every playbook (the default without a name)' },
    { flags: '--seed <number>', about: 'seed of the simulation (default 1)' },
  ],
  speaksTo: 'local',
  run: async (invocation) => (await import('../src/shell/rehearse.ts')).runRehearse(invocation),
}
