import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { surveyTokens } from '../../src/analysis/tokens/directory.ts'
import { readAuthDir } from '../../src/shell/auth-dir.ts'

let path: string
let slept: number
const NOW = Date.UTC(2026, 10, 23, 12)

/** Time passes only where something waits; `meanwhile` happens then. */
function clock(meanwhile: () => void = () => {}) {
  return {
    nowMs: () => NOW,
    sleep: async () => {
      slept++
      meanwhile()
    },
  }
}

async function read(meanwhile?: () => void) {
  const reading = await readAuthDir(path, clock(meanwhile))
  if (reading.kind !== 'read') throw new Error(reading.saw)
  return reading.directory
}

function put(name: string, text: string): void {
  writeFileSync(join(path, name), text)
}

beforeEach(() => {
  slept = 0
  path = mkdtempSync(join(tmpdir(), 'provops-auth-'))
})

afterEach(() => {
  rmSync(path, { recursive: true })
})

describe('a directory of token files', () => {
  it('is read at its top, whatever the case of the extension, and nothing else', async () => {
    put('b.json', '{"type":"codex"}')
    put('A.JSON', '{"type":"claude"}')
    put('notes.txt', 'x')
    put('.oauth-codex-1.oauth', 'x')
    mkdirSync(join(path, 'logs'))
    writeFileSync(join(path, 'logs', 'c.json'), '{"type":"codex"}')
    put('k.cds', '{"auth_id":"b.json","records":[]}')
    put('broken.cds', '{')
    const directory = await read()
    expect(directory.files.map(({ name }) => name)).toEqual(['A.JSON', 'b.json'])
    expect(directory.cooldowns.map(({ authId }) => authId)).toEqual(['b.json'])
    expect(directory.brokenCooldowns).toEqual(['broken.cds'])
    expect([directory.unopened, slept]).toEqual([0, 0])
  })

  it('is read again where a file was half-written, once', async () => {
    put('half.json', '{"type":"codex","acc')
    put('empty.json', '')
    const directory = await read(() => put('half.json', '{"type":"codex"}'))
    expect(directory.files.map(({ name, reading }) => [name, reading.kind])).toEqual([
      ['empty.json', 'unreadable'],
      ['half.json', 'credential'],
    ])
    expect(slept).toBe(1)
  })

  it('leaves out a file that is gone by then', async () => {
    put('gone.json', '{')
    const directory = await read(() => rmSync(join(path, 'gone.json')))
    expect(directory.files).toEqual([])
  })

  it('opens neither what is too large nor what is no file', async () => {
    put('large.json', `{"type":"codex","x":"${'x'.repeat(1_100_000)}"}`)
    mkdirSync(join(path, 'folder.json'))
    symlinkSync('/dev/zero', join(path, 'endless.json'))
    const { files } = await read()
    expect(files.map(({ name, reading }) => [name, reading.kind])).toEqual([
      ['endless.json', 'closed'],
      ['folder.json', 'closed'],
      ['large.json', 'too-large'],
    ])
  })

  it('follows links, as mounted secrets are', async () => {
    put('..data', '{"type":"codex"}')
    symlinkSync(join(path, '..data'), join(path, 'a.json'))
    expect((await read()).files[0]?.reading.kind).toBe('credential')
  })

  // Elsewhere the temporary directory itself is closed to others, or there are no permissions at all.
  it.runIf(process.platform === 'linux')('tells who else may read a file', async () => {
    put('a.json', '{"type":"codex"}')
    chmodSync(join(path, 'a.json'), 0o644)
    chmodSync(path, 0o755)
    expect(surveyTokens(await read()).exposures).toEqual([{ name: 'a.json', exposure: 'world' }])
    chmodSync(path, 0o700)
    expect(surveyTokens(await read()).exposures).toEqual([{ name: 'a.json', exposure: 'private' }])
  })

  it('that is not there, or is none, says so', async () => {
    put('file', '')
    expect(await readAuthDir(join(path, 'no'), clock())).toMatchObject({
      kind: 'unreadable',
      saw: expect.stringContaining('there is no'),
    })
    expect(await readAuthDir(join(path, 'file'), clock())).toMatchObject({
      kind: 'unreadable',
      saw: expect.stringContaining('is no directory'),
    })
  })

  it('may hold thousands of files', async () => {
    for (let at = 0; at < 3000; at++) put(`codex-${at}.json`, `{"type":"codex","account_id":"${at}"}`)
    expect((await read()).files).toHaveLength(3000)
  })
})
