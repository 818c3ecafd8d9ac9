import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../commands/commands.ts'
import { CATALOGUE } from '../src/checks/catalogue.ts'
import { EXIT_CODES } from '../src/core/exit-codes.ts'
import { provops } from './commands/cli.ts'

const README = readFileSync(resolve(import.meta.dirname, '../README.md'), 'utf8')

describe('the README', () => {
  it('names every command with its summary', () => {
    const rows = COMMANDS.map(({ usage, summary }) => `| \`provops ${usage}\` | ${summary} |`)
    expect(rows.filter((row) => !README.includes(row))).toEqual([])
  })

  it('names the checks that look at a gateway with their good state', () => {
    const groups = ['gateway', 'models', 'providers', 'logs', 'spark', 'parity', 'quota', 'tokens']
    const rows = CATALOGUE.filter(({ group }) => groups.includes(group)).map(
      ({ id, title }) => `| \`${id}\` | ${title} |`,
    )
    expect(rows.filter((row) => !README.includes(row))).toEqual([])
  })

  it('names every exit code', () => {
    const rows = Object.entries(EXIT_CODES).map(
      ([name, { code, means }]) => `| ${code} | ${name} | ${means} |`,
    )
    expect(rows.filter((row) => !README.includes(row))).toEqual([])
  })
})

describe('the examples of the help', () => {
  const judging = COMMANDS.filter(({ speaksTo }) => speaksTo === 'gateway')
  // A change is not listed, it is made; its command lines are tried where changes are tested.
  const lines = judging
    .flatMap(({ examples }) => examples.map(({ line }) => line))
    .filter((line) => !line.includes('--apply'))

  it.each(lines)('%s is a command line that would be carried out', async (line) => {
    const { code, stderr } = await provops(`${line} --list`)
    expect([code, stderr]).toEqual([0, ''])
  })

  it('begin with the name of the program and of their command', () => {
    for (const { usage, examples } of COMMANDS) {
      const [name = ''] = usage.split(' ')
      expect(examples.length).toBeGreaterThan(0)
      for (const { line } of examples) expect(line).toMatch(new RegExp(`^(?:.*\\| )?provops ${name}\\b`))
    }
  })
})
