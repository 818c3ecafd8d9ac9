import { EXIT_CODES } from '../src/core/exit-codes.ts'

export interface HelpTopic {
  readonly name: string
  readonly text: string
}

/** `provops help <topic>` beyond the commands. */
export function helpTopics(): readonly HelpTopic[] {
  return [{ name: 'exit-codes', text: exitCodesHelp() }]
}

function exitCodesHelp(): string {
  const rows = Object.entries(EXIT_CODES).map(
    ([name, { code, means }]) => `  ${String(code).padStart(3)}  ${name.padEnd(12)} ${means}`,
  )
  return `Exit codes

${rows.join('\n')}

When several hold, the first of these decides: 130, 143, 70, then 2, 6, 5 (found before work is done),
then 1, 4, 7, 8, 3, 0. The code never depends on --output.

--exit-style nagios   0 ok, 1 warning, 2 critical, 3 unknown, as monitoring plugins do
--exit-style simple   0 or 1
--fail-on warn        a warning ends in 3;  --fail-on never: findings end in 0
`
}
