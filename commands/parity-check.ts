import type { CommandSpec } from './spec.ts'

export const parityCheckCommand: CommandSpec = {
  usage: 'parity-check',
  summary: 'Compare the token usage of streamed and plain answers to the same prompt',
  about: "The runbook's Stream/Non-Stream Usage Parity Check. Each pair is two requests that cost tokens.",
  examples: [
    {
      line: 'provops parity-check --embedded',
      shows: "the runbook's own question, against the bundled gateway",
    },
    {
      line: 'provops parity-check --endpoint chat --model glm --repeat 5',
      shows: 'five pairs on /v1/chat/completions',
    },
    { line: 'provops parity-check --save answers', shows: 'keep both raw answers in a folder' },
    {
      line: 'provops parity-check --nonstream-file a.json --stream-file b.sse',
      shows: 'compare saved answers, without a gateway',
    },
  ],
  flags: [
    {
      flags: '--endpoint <name>',
      about: 'which endpoint to ask (default responses)',
      choices: ['responses', 'chat', 'messages'],
    },
    { flags: '--model <ids>', about: 'models to ask (default gpt-5.1-codex)', repeats: true },
    { flags: '--prompt <text>', about: 'what to ask (default ping)' },
    { flags: '--repeat <count>', about: 'pairs per model (default 1)' },
    { flags: '--save <folder>', about: 'keep both raw answers of each pair there' },
    { flags: '--nonstream-file <path>', about: 'a saved plain answer to compare' },
    { flags: '--stream-file <path>', about: 'a saved stream to compare it with' },
  ],
  speaksTo: 'gateway',
  run: async (invocation) => (await import('../src/shell/parity-check.ts')).runParityCheck(invocation),
}
