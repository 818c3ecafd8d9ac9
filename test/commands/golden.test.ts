import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { type CliOptions, provops, transcript } from './cli.ts'

const GOLDEN = resolve(import.meta.dirname, '../golden')

interface Case extends CliOptions {
  readonly line: string
  readonly files?: Readonly<Record<string, string>>
}

const NOWHERE = '-g http://127.0.0.1:1'

/** One command line each; its golden file shows what it prints. `npx vitest run -u` writes them anew. */
const CASES = {
  help: { line: 'provops --help' },
  'help-daily-check': { line: 'provops daily-check --help' },
  'help-exit-codes': { line: 'provops help exit-codes' },
  'unknown-command': { line: 'provops dayly-check' },
  'help-unknown': { line: 'provops help dayly-check' },
  'unknown-flag': { line: 'provops daily-check --onyl models' },
  'daily-check-green': { line: 'provops daily-check --embedded' },
  'daily-check-green-80-columns': { line: 'provops daily-check --embedded', columns: 80 },
  'daily-check-green-short': { line: 'provops daily-check --embedded -o short' },
  'daily-check-green-json': { line: 'provops daily-check --embedded -o json' },
  'daily-check-green-ndjson': { line: 'provops daily-check --embedded --only gateway,spark -o ndjson' },
  'daily-check-wide': { line: 'provops daily-check --embedded=warn-ratio --only providers -o wide' },
  'daily-check-quiet': { line: 'provops daily-check --embedded=warn-ratio -q' },
  'daily-check-colour': {
    line: 'provops daily-check --embedded=warn-ratio --only gateway,providers --color always',
  },
  'daily-check-ascii': { line: 'provops daily-check --embedded=warn-ratio', env: { LANG: 'C' } },
  'daily-check-warn': { line: 'provops daily-check --embedded=warn-ratio' },
  'daily-check-fail-on-warn': { line: 'provops daily-check --embedded=warn-ratio --fail-on warn -q' },
  'daily-check-fail': { line: 'provops daily-check --embedded=429-burst-ongoing' },
  'daily-check-quota-pressure': {
    line: 'provops daily-check --embedded=quota-pressure --only providers,logs',
  },
  'daily-check-safe-mode': { line: 'provops daily-check --embedded=safe-mode' },
  'daily-check-open-gateway': { line: 'provops daily-check --embedded=open-gateway --only gateway' },
  'daily-check-banned': { line: 'provops daily-check --embedded=banned-management --only gateway,providers' },
  'daily-check-empty-models': { line: 'provops daily-check --embedded=empty-models --only models' },
  'daily-check-spark-missing': { line: 'provops daily-check --embedded=spark-missing --only spark' },
  'daily-check-missing-model': {
    line: 'provops daily-check --embedded --only models --expect-model gpt-5.3-codex,gpt-5.3-codecs',
  },
  'daily-check-upstream-profile': { line: 'provops daily-check --embedded --profile upstream' },
  'daily-check-fork-profile': { line: 'provops daily-check --embedded --profile fork' },
  'daily-check-fork-old-profile': { line: 'provops daily-check --embedded --profile fork-old' },
  'daily-check-unreachable': { line: `provops daily-check ${NOWHERE}` },
  'daily-check-nothing-selected': { line: 'provops daily-check --only models.litsed' },
  'daily-check-list': { line: 'provops daily-check --list' },
  'daily-check-unknown-scenario': { line: 'provops daily-check --embedded=helthy' },
  'daily-check-password-in-address': { line: 'provops daily-check -g http://me:secret@gw:8317' },
  'help-quota': { line: 'provops quota --help' },
  'quota-healthy': { line: 'provops quota --embedded' },
  'quota-pressure': { line: 'provops quota --embedded=quota-pressure -v', columns: 140 },
  'quota-stale-cooldown-80-columns': { line: 'provops quota --embedded=stale-cooldown', columns: 80 },
  'quota-auth-expired': { line: 'provops quota --embedded=auth-expired' },
  'quota-without-key': { line: `provops quota ${NOWHERE}` },
  'quota-ascii': {
    line: 'provops quota --embedded=quota-pressure --only quota.pressure',
    env: { LANG: 'C' },
  },
  'incident-list': { line: 'provops incident --list' },
  'incident-triage': { line: 'provops incident --embedded=stale-cooldown' },
  'incident-triage-banned': { line: 'provops incident --embedded=banned-management -o short' },
  'incident-rate-limit': { line: 'provops incident rate-limit --embedded=stale-cooldown' },
  'incident-auth-failures-80-columns': {
    line: 'provops incident auth-failures --embedded=401-burst',
    columns: 80,
  },
  checks: { line: 'provops checks' },
  'explain-providers-errors': { line: 'provops explain providers.errors:codex' },
  'explain-unknown': { line: 'provops explain providers.eror' },
  'config-show': {
    line: 'provops config show',
    files: {
      'provops.yaml':
        'gateway: prod\ngateways:\n  prod:\n    url: https://gw.example.com\n    time-zone: Asia/Shanghai\n',
    },
  },
  'config-broken': {
    line: 'provops config show',
    files: { 'provops.yaml': 'gateway: prod\ntimout: 3s\ndeadline: soon\n' },
  },
} as const satisfies Record<string, Case>

async function run(testCase: Case): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
  for (const [name, text] of Object.entries(testCase.files ?? {})) writeFileSync(join(home, name), text)
  try {
    return transcript(testCase.line, await provops(testCase.line, { ...testCase, home }))
  } finally {
    rmSync(home, { recursive: true })
  }
}

describe('what a user sees', () => {
  it.each(Object.entries<Case>(CASES))('%s', async (name, testCase) => {
    await expect(await run(testCase)).toMatchFileSnapshot(join(GOLDEN, `${name}.txt`))
  })

  it('is kept in no file that no case writes', () => {
    expect(readdirSync(GOLDEN).sort()).toEqual(
      Object.keys(CASES)
        .map((name) => `${name}.txt`)
        .sort(),
    )
  })

  it('is valid by the shipped schema wherever it is JSON', () => {
    const schema = JSON.parse(readFileSync(resolve(GOLDEN, '../../schemas/report.schema.json'), 'utf8'))
    const ajv = new Ajv2020({ strict: false })
    addFormats.default(ajv)
    const validate = ajv.compile(schema)
    const documents = readdirSync(GOLDEN)
      .map((file) => readFileSync(join(GOLDEN, file), 'utf8'))
      .filter((text) => /^.* -o json$/m.test(text.slice(0, text.indexOf('{'))))
      .map((text) => JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)))
    expect(documents.length).toBeGreaterThan(0)
    for (const document of documents) expect([validate(document), validate.errors]).toEqual([true, null])
  })
})
