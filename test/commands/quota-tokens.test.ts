import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { provops } from './cli.ts'
import { finding, quota, rowsOf, troubles } from './quota-rig.ts'

const FIXTURES = resolve(import.meta.dirname, '../../fixtures/auth-dir')

describe('a token directory', () => {
  let home: string

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
    cpSync(FIXTURES, join(home, 'auth'), { recursive: true })
    chmodSync(join(home, 'auth'), 0o700)
  })

  afterEach(() => {
    rmSync(home, { recursive: true })
  })

  it('is judged without any gateway', async () => {
    const report = await quota('-g http://127.0.0.1:1 --auth-dir auth --only tokens', { home })
    expect(troubles(report)).toEqual({
      'tokens.readable:broken': 'fail',
      'tokens.readable:foreign': 'warn',
      'tokens.readable:cooldowns': 'warn',
      'tokens.renewed:expired': 'fail',
      'tokens.renewed:overdue': 'warn',
      'tokens.renewed:dying': 'warn',
      'tokens.renewed:clock': 'warn',
      'tokens.single': 'warn',
    })
    expect(report.exit.code).toBe(1)
  })

  it('has every type in every state', async () => {
    const report = await quota('-g http://127.0.0.1:1 --auth-dir auth --show-emails', { home })
    const states = rowsOf(report).map(({ name, token }) => [
      name,
      (token?.value as { state: string } | undefined)?.state,
    ])
    expect(Object.fromEntries(states)).toEqual({
      'XAI-trent@example.com.JSON': 'valid',
      'antigravity-dave@example.com.json': 'valid',
      'antigravity-erin_example_com.json': 'expired',
      'claude-alice@example.com.json': 'valid',
      'claude-rupert@example.com.json': 'disabled',
      'codebuddy-u-0042.json': 'valid',
      'codex-1a2b3c4d-bob@example.com-team.json': 'valid',
      'codex-bob@example.com-plus.json': 'valid',
      'codex-carol@example.com-backup.json': 'valid',
      'codex-carol@example.com-pro.json': 'overdue',
      'cursor.5f2a9c.json': 'valid',
      'github-copilot-heidi.json': 'valid',
      'gitlab-17.json': 'valid',
      'gitlab-18-pat.json': 'valid',
      'iflow-ivan@example.com-1795000000.json': 'valid',
      'karl@example.com-fixture-project.json': 'valid',
      'kilo-nina@example.com.json': 'valid',
      'kimi-1795434480000.json': 'due',
      'kiro-aws-0123456789.json': 'dying',
      'kiro-google-grace@example.com.json': 'expired',
      'minimax-peggy@example.com.json': 'valid',
      'qwen-judy@example.com.json': 'clock',
      'roo-quentin@example.com.json': 'undated',
      'vertex-fixture-project.json': 'valid',
    })
  })

  it('shows benches of its cooldown files and the copies of a login', async () => {
    const report = await quota('-g http://127.0.0.1:1 --auth-dir auth', { home })
    const row = (name: string) => rowsOf(report).find((each) => each.name === name)
    expect(row('codex-b…@example.com-plus.json')?.bench).toMatchObject({
      value: { scope: 'all', models: ['gpt-5.4'], cause: 'quota', until: '2026-11-23T13:06:00.000Z' },
      source: '.cds',
    })
    expect(row('codex-c…@example.com-backup.json')?.token?.value).toMatchObject({
      copyOf: 'codex-c…@example.com-pro.json',
    })
  })

  it('is shown as far as a screen goes, those in trouble before the others', async () => {
    mkdirSync(join(home, 'many'), { mode: 0o700 })
    for (let at = 0; at < 60; at++) {
      const expired = at === 59 ? '2026-11-20T00:00:00Z' : '2027-11-20T00:00:00Z'
      const token = { type: 'claude', refresh_token: `r${at}`, expired, last_refresh: '2026-11-19T00:00:00Z' }
      writeFileSync(join(home, 'many', `claude-${at}.json`), JSON.stringify(token))
    }
    const rows = async (flags: string) => {
      const { stdout } = await provops(`quota -g http://127.0.0.1:1 --auth-dir many ${flags}`, {
        home,
        columns: 140,
      })
      return stdout.split('\n').filter((line) => line.startsWith('claude '))
    }
    const shown = await rows('')
    expect(shown).toHaveLength(40)
    expect(shown.at(-1)).toMatch(/^claude 59 .*expired 3 d 12 h ago$/)
    expect(await rows('-v')).toHaveLength(60)
  })

  it.runIf(process.platform === 'linux')('may be open to others', async () => {
    for (const folder of [home, join(home, 'auth')]) chmodSync(folder, 0o755)
    const report = await quota('-g http://127.0.0.1:1 --auth-dir auth --only tokens.private', { home })
    expect(finding(report, 'tokens.private')?.outcome).toBe('warn')
  })

  it('that is not there is unknown, and a skip when none was named', async () => {
    const missing = await quota('-g http://127.0.0.1:1 --auth-dir nowhere --only tokens.renewed', { home })
    expect([finding(missing, 'tokens.renewed')?.outcome, missing.exit.code]).toEqual(['unknown', 7])
    const none = await quota('-g http://127.0.0.1:1 --only tokens.renewed', { home })
    expect([finding(none, 'tokens.renewed')?.outcome, none.exit.code]).toEqual(['skip', 7])
  })

  it('is not that of the embedded gateway unless it is said to be', async () => {
    const env = { PROVOPS_AUTH_DIR: join(home, 'auth') }
    expect(troubles(await quota('--embedded', { home, env }))).toEqual({})
    const given = await quota('--embedded --auth-dir auth', { home })
    expect(finding(given, 'tokens.loaded')).toMatchObject({
      outcome: 'warn',
      saw: 'none of 24 token files is listed by the gateway',
    })
  })
})

describe('secrets and addresses in a token directory', () => {
  const OWNERS =
    /\b(alice|bob|carol|dave|erin|trent|frank|grace|ivan|judy|karl|laura|mike|nina|peggy|quentin|rupert|sybil|ursula|victor|walter|xavier)\b/i

  it.each(['table', 'wide', 'short', 'json', 'ndjson'])(
    'appear nowhere in the output as %s, nor in debug lines, records or state',
    async (format) => {
      const home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
      try {
        cpSync(FIXTURES, join(home, 'auth'), { recursive: true })
        mkdirSync(join(home, 'state'))
        const line = `quota --embedded --auth-dir auth -v --debug --record record.json -o ${format}`
        const { stdout, stderr } = await provops(line, { home })
        const kept = readdirSync(join(home, 'state'), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
        const everything = [stdout, stderr, readFileSync(join(home, 'record.json'), 'utf8'), ...kept].join(
          '\n',
        )
        expect(stdout).toContain('c…@example.com')
        expect(kept.length).toBeGreaterThan(0)
        expect(everything).not.toContain('fake-secret')
        expect(OWNERS.exec(everything)?.[0]).toBeUndefined()
      } finally {
        rmSync(home, { recursive: true })
      }
    },
  )

  it('are shown as far as addresses go when they are asked for', async () => {
    const { stdout } = await provops(`quota --embedded --auth-dir ${FIXTURES} --show-emails -v`)
    expect(stdout).toContain('carol@example.com')
    expect(stdout).not.toContain('fake-secret')
  })
})
