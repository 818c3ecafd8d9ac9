import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startEmbedded } from '../../../src/gateway/embedded/start.ts'
import { CLIENT_KEY, CONFIG, closeAll, MANAGEMENT_KEY, movedClock, SCENARIO, start } from './harness.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'provops-test-'))
})

afterEach(async () => {
  await closeAll()
  rmSync(directory, { recursive: true })
})

const OPTIONS = {
  scenario: SCENARIO,
  profile: 'runbook',
  port: 0,
  configFile: null,
  logDir: null,
  authDir: null,
  clock: movedClock(),
  seed: 1,
  trafficPerSecond: 0,
} as const

/** A port with a listener of its own while `run` runs. */
async function withTakenPort(run: (port: number) => Promise<void>): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await run((server.address() as { port: number }).port)
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

describe('a gateway that starts', () => {
  it('tells how to reach it, and makes files of its own', async () => {
    const { gateway } = await start()
    expect(gateway.url).toBe(`http://127.0.0.1:${gateway.port}`)
    expect(gateway).toMatchObject({
      clientKeys: [CLIENT_KEY],
      managementKey: MANAGEMENT_KEY,
      profile: 'runbook',
    })
    expect(readFileSync(gateway.configFile, 'utf8')).toContain('openai-compatibility:')
    expect(statSync(gateway.configFile).mode & 0o777).toBe(0o600)
    expect(dirname(gateway.logDir)).toBe(dirname(gateway.configFile))
  })

  it('replaces the plain management key by a hash in its own file, and still takes the key', async () => {
    const { gateway, manage } = await start()
    const text = readFileSync(gateway.configFile, 'utf8')
    expect(text).not.toContain(MANAGEMENT_KEY)
    expect(text).toMatch(/secret-key: "\$2a\$10\$[./A-Za-z0-9]{53}"/)
    expect(text).toContain('\n# only from here\n')
    expect((await manage('/debug')).status).toBe(200)
  })

  it('removes what it made when it is closed, and listens no more', async () => {
    const { gateway } = await start()
    await gateway.close()
    expect(existsSync(gateway.configFile)).toBe(false)
    await expect(fetch(gateway.url)).rejects.toThrow()
  })

  it('writes token files with the mode the scenario gives them', async () => {
    const file = {
      file: 'codex-a.json',
      type: 'codex',
      expiresInMs: 1_000,
      refreshedInMs: null,
      accessToken: 'a',
      refreshToken: null,
      mode: 0o644,
      fields: {},
      quota: null,
    }
    const { gateway } = await start({ scenario: { authFiles: [file] } })
    expect(statSync(join(gateway.authDir, 'codex-a.json')).mode & 0o777).toBe(0o644)
  })
})

describe("a user's own configuration", () => {
  const own = CONFIG.replaceAll('{{upstream:main}}', 'http://127.0.0.1:9')

  it('is used where it stands and never rewritten by the start', async () => {
    const configFile = join(directory, 'config.yaml')
    writeFileSync(configFile, own)
    const { gateway, manage } = await start({
      configFile,
      logDir: join(directory, 'logs'),
      authDir: directory,
    })
    expect(readFileSync(configFile, 'utf8')).toBe(own)
    expect((await manage('/debug')).status).toBe(200)
    await gateway.close()
    expect(existsSync(configFile)).toBe(true)
    expect(existsSync(join(directory, 'logs', 'main.log'))).toBe(true)
  })

  it('with a hash that only a real gateway can check comes with a key of its own', async () => {
    const configFile = join(directory, 'config.yaml')
    const hash = `$2a$10$${'A'.repeat(53)}`
    writeFileSync(configFile, own.replace(MANAGEMENT_KEY, `"${hash}"`))
    const { gateway, manage } = await start({ configFile, authDir: directory })
    expect((await manage('/debug', { key: gateway.managementKey })).status).toBe(200)
    expect((await manage('/debug')).status).toBe(401)
  })

  it('keeps its log: no history is added to one that is there', async () => {
    const logDir = join(directory, 'logs')
    const first = await start({ logDir })
    await first.client('/healthz')
    await first.gateway.close()
    const before = readFileSync(join(logDir, 'main.log'), 'utf8')
    const history = { spanMs: 60_000, requests: [], noise: [NOISE] }
    const second = await start({ logDir, scenario: { history } })
    await second.gateway.close()
    const after = readFileSync(join(logDir, 'main.log'), 'utf8')
    expect(after.startsWith(before)).toBe(true)
    expect(after).not.toContain('/noise')
  })
})

const NOISE = {
  fromMs: 60_000,
  untilMs: 0,
  everyMs: 60_000,
  method: 'GET',
  path: '/noise',
  status: 404,
  count: 3,
  address: '127.0.0.1',
  latencyMs: 1,
}

describe('a gateway that does not start', () => {
  it('names a port that is taken', async () => {
    await withTakenPort(async (port) => {
      const started = await startEmbedded({ ...OPTIONS, port })
      expect(started).toMatchObject({ kind: 'refused', problem: { what: `port ${port} is taken` } })
    })
  })

  it('names the line of a broken configuration, without its text', async () => {
    const configFile = join(directory, 'config.yaml')
    writeFileSync(configFile, 'api-keys:\n  - sk-canary\n  - [broken\n')
    const started = await startEmbedded({ ...OPTIONS, configFile })
    if (started.kind !== 'refused') throw new Error('it started')
    expect(started.problem.what).toMatch(/config\.yaml: line \d+: /)
    expect(JSON.stringify(started)).not.toContain('sk-canary')
  })

  it('names a configuration that is not there, and one it may not read', async () => {
    const configFile = join(directory, 'nowhere.yaml')
    const started = await startEmbedded({ ...OPTIONS, configFile })
    expect(started).toMatchObject({
      kind: 'refused',
      problem: { what: `${configFile} cannot be read: ENOENT` },
    })
  })

  it('names a log directory that cannot be made', async () => {
    const file = join(directory, 'file')
    writeFileSync(file, '')
    const started = await startEmbedded({ ...OPTIONS, logDir: join(file, 'logs') })
    expect(started).toMatchObject({ kind: 'refused', problem: { what: expect.stringContaining('ENOTDIR') } })
  })

  it('says so when its log cannot be written', async () => {
    symlinkSync(join(directory, 'nowhere', 'main.log'), join(directory, 'main.log'))
    const history = { spanMs: 60_000, requests: [], noise: [NOISE] }
    const started = await startEmbedded({
      ...OPTIONS,
      scenario: { ...SCENARIO, history },
      logDir: directory,
    })
    expect(started).toMatchObject({ kind: 'refused', problem: { what: expect.stringContaining('ENOENT') } })
  })
})
