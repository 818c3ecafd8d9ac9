import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { provops } from './cli.ts'

/** An address that leads nowhere, so that what is not refused ends as unreachable. */
const ELSEWHERE = 'http://gateway.invalid:8317'
const CHECK = 'daily-check --only gateway.alive'
const WITH_KEY = { PROVOPS_API_KEY: 'sk-test' }

let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
})

afterEach(() => rmSync(home, { recursive: true }))

function config(text: string, path = 'provops.yaml'): void {
  writeFileSync(join(home, path), text)
}

describe('a provops.yaml that only lies in the working directory', () => {
  it('does not decide which gateway elsewhere gets the key', async () => {
    config(`gateway: ${ELSEWHERE}\n`)
    const { code, stderr } = await provops(CHECK, { home, env: WITH_KEY })
    expect(code).toBe(2)
    expect(stderr).toContain(`which gateway gets your key, ${ELSEWHERE}, and was only found here`)
    expect(stderr).toContain(`next: provops … --config ${join(home, 'provops.yaml')}`)
  })

  it('does not decide it by what a name stands for', async () => {
    config(`gateways: { prod: { url: '${ELSEWHERE}', management-key-file: key } }\n`)
    writeFileSync(join(home, 'key'), 'management')
    expect((await provops(`${CHECK} -g prod`, { home })).stderr).toContain('only found here')
  })

  it.each([
    { how: 'the address is typed', line: `${CHECK} -g ${ELSEWHERE}`, env: WITH_KEY },
    { how: 'there is no key', line: CHECK, env: {} },
    { how: 'the file is named', line: `${CHECK} --config provops.yaml`, env: WITH_KEY },
    { how: 'a variable names the file', line: CHECK, env: { ...WITH_KEY, PROVOPS_CONFIG: 'provops.yaml' } },
  ])('is followed when $how', async ({ line, env }) => {
    config(`gateway: ${ELSEWHERE}\n`)
    expect((await provops(`${line} -o short`, { home, env })).stdout).toContain('no connection')
  })

  it('is followed to a gateway on this machine', async () => {
    config('gateway: http://127.0.0.1:1\n')
    const { stdout } = await provops(`${CHECK} -o short`, { home, env: WITH_KEY })
    expect(stdout).toContain('ECONNREFUSED')
  })

  it('runs no key command', async () => {
    config('gateway: http://127.0.0.1:1\nkey-command: [sh, -c, "touch ran; echo key"]\n')
    const { code, stderr } = await provops(CHECK, { home })
    expect(code).toBe(2)
    expect(stderr).toContain('names a key command, and was only found here')
  })
})

describe('a provops.yaml that is something else', () => {
  it('is not quoted at length', async () => {
    config(`[ ${'- { "\n'.repeat(40)}`)
    const { code, stderr } = await provops('config show', { home })
    expect(code).toBe(2)
    expect(stderr.split('\n').length).toBeLessThan(14)
    config(`a: 1\n] ${'word '.repeat(1_000)}`)
    expect((await provops('config show', { home })).stderr.length).toBeLessThan(600)
  })
})

describe("the operator's own provops.yaml", () => {
  it('decides which gateway gets the key, and may run a command for it', async () => {
    mkdirSync(join(home, 'config'))
    config(`gateway: ${ELSEWHERE}\nkey-command: [echo, key]\n`, 'config/provops.yaml')
    expect((await provops(`${CHECK} -o short`, { home })).stdout).toContain('no connection')
  })
})

describe('standard input', () => {
  it.each([
    '--api-key-file - --logs -',
    '--api-key-file - --api-key-file -',
    '--api-key-file - --management-key-file -',
  ])('is not both read by %s', async (flags) => {
    const { code, stderr } = await provops(`daily-check ${flags}`, { home, stdin: 'sk-test' })
    expect([code, stderr]).toEqual([2, expect.stringContaining('can be read once, and is given for --api')])
  })
})

describe('a gateway that cannot be reached', () => {
  it('says how to name one when its name is not known', async () => {
    const { code, stderr } = await provops(`${CHECK} -g prod`, { home })
    expect([code, stderr]).toEqual([2, expect.stringContaining('name it under `gateways` in provops.yaml')])
  })

  it('is not blamed for its proxy', async () => {
    const env = { http_proxy: 'http://user:hidden@127.0.0.1:1' }
    const { stdout } = await provops(`${CHECK} -g ${ELSEWHERE}`, { home, env })
    expect(stdout).toContain('no connection to the proxy 127.0.0.1:1: ECONNREFUSED')
    expect(stdout).toContain('no_proxy')
  })

  it('keeps ordinary words that are also the user name of a proxy', async () => {
    const env = { http_proxy: 'http://gateway:hidden@127.0.0.1:1' }
    const { stdout } = await provops(`${CHECK} -g ${ELSEWHERE}`, { home, env })
    expect(stdout).toContain('gateway.alive')
    expect(stdout).not.toContain('hidden')
  })

  it('does not repeat a user name that may be a token', async () => {
    const env = { http_proxy: 'http://token-alone@127.0.0.1:1' }
    const { stdout } = await provops(`${CHECK} -g http://token-alone.invalid`, { home, env })
    expect(stdout).not.toContain('token-alone')
  })
})

describe('the catalogue', () => {
  it.each([
    ['short', /^gateway\.alive\n/],
    ['ndjson', /^\{"id":"gateway\.alive",.*\}\n\{"id":/],
  ])('is listed for scripts with -o %s', async (format, start) => {
    expect((await provops(`checks -o ${format}`, { home })).stdout).toMatch(start)
  })
})
