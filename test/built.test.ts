import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { access, lines, repeat } from './analysis/logs/support.ts'

const DIST = resolve(import.meta.dirname, '../dist')
const SCRIPTS = ['cli.js', 'first.js', 'late.js', 'config.js', 'embedded.js']
const node = (...args: string[]) => promisify(execFile)(process.execPath, args)

/** What `npm run build` made, which is what users run and what the other tests do not. */
describe('the built program', () => {
  it('says its version', async () => {
    const { stdout } = await node(join(DIST, 'provops.js'), '--version')
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it.each(SCRIPTS)('has only ASCII in %s, which its launcher reads as latin1', (script) => {
    expect(readFileSync(join(DIST, script), 'utf8').match(/[^\0-\x7f]+/g)).toBeNull()
  })

  it.each(SCRIPTS)('imports nothing in %s, which a script of node:vm cannot', (script) => {
    expect(readFileSync(join(DIST, script), 'utf8')).not.toContain('import(')
  })

  it.each(SCRIPTS)('has compiled code for %s that this node accepts', async (script) => {
    const path = join(DIST, script)
    const program = `
      const { readFileSync } = require('node:fs')
      const { Script } = require('node:vm')
      const isOld = parseInt(process.versions.v8) < 12 && !process.argv[1].endsWith('cli.js')
      if (isOld) require('node:v8').setFlagsFromString('--wasm-tiering-budget=300000000')
      const cachedData = readFileSync(process.argv[1] + '.' + process.version + '-' + process.arch)
      const script = new Script(readFileSync(process.argv[1], 'latin1'), { filename: process.argv[1], cachedData })
      console.log(script.cachedDataRejected)`
    expect((await node('-e', program, path)).stdout).toBe('false\n')
  })

  it.runIf(process.platform === 'linux')('says what is missing where addresses are short', async () => {
    const home = mkdtempSync(join(tmpdir(), 'provops-built-'))
    const log = join(home, 'main.log')
    writeFileSync(log, lines(...repeat(1000, (i) => access({ second: i }))))
    const env = { HOME: home, PATH: process.env.PATH, PROVOPS_STATE_DIR: home }
    const line = `daily-check -o short --embedded --logs ${log} --since 9999d --tz UTC`
    const limited = `ulimit -v 6000000; "${process.execPath}" "${join(DIST, 'provops.js')}" ${line}; true`
    const { stdout } = await promisify(execFile)('sh', ['-c', limited], { env })
    // Newer versions of node get along with less.
    expect(stdout).toMatch(
      /gateway\.alive (?:no connection: ENOMEM \| next: raise the limit|\/healthz answered 200)/,
    )
    expect(stdout).toContain('pass logs.bursts:429 0 of 1,000 requests')
  })
})
