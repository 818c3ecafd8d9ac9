import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { provops } from './cli.ts'

let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
})

afterEach(() => {
  rmSync(home, { recursive: true })
})

/** Runs the gateway until it has said where it is, and then a moment later Ctrl-C. */
async function runBriefly(flags: string) {
  const interrupt = new AbortController()
  setTimeout(() => interrupt.abort('SIGINT'), 1500)
  return provops(`gateway --port 0 ${flags}`, { home, nowMs: null, interrupted: interrupt.signal })
}

describe('provops gateway', () => {
  it('says how to reach it, and ends well at Ctrl-C', async () => {
    const { code, stdout } = await runBriefly('')
    expect(stdout).toMatch(/address {9}http:\/\/127\.0\.0\.1:\d+/)
    expect(stdout).toContain('sk-demo-app-1')
    expect([code, stdout.endsWith('stopped\n')]).toEqual([0, true])
  })

  it('shows no key of the configuration it was given', async () => {
    writeFileSync(
      join(home, 'config.yaml'),
      'port: 1\napi-keys: [sk-canary-own]\nremote-management:\n  secret-key: canary-management\n',
    )
    const { code, stdout } = await runBriefly('--config config.yaml')
    expect(code).toBe(0)
    expect(stdout).toContain('those of the configuration')
    expect(stdout).not.toContain('canary')
  })

  it('lists the scenarios with what they simulate', async () => {
    const { stdout } = await provops('gateway --list-scenarios -o json', { home })
    const names = JSON.parse(stdout).map(({ name }: { name: string }) => name)
    expect(names).toEqual(expect.arrayContaining(['healthy', 'quota-pressure', 'spark-5.1', 'safe-mode']))
  })

  it('refuses a port that is taken, and says so', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    const { code, stderr } = await provops(`gateway --port ${port}`, { home })
    taken.close()
    expect(code).toBe(2)
    expect(stderr).toContain(String(port))
  })

  it.each([
    ['--port 99999', '--port: "99999" is not a number from 0 to 65535'],
    ['--traffic many', '--traffic: "many" is not a number'],
    ['--scenario helthy', 'there is no scenario helthy; did you mean healthy'],
    ['--config nowhere.yaml', 'nowhere.yaml cannot be read: ENOENT'],
  ])('refuses %s with 2', async (flags, message) => {
    const { code, stderr } = await provops(`gateway ${flags}`, { home })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
