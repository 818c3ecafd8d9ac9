import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeDirectory } from '../../src/core/make-directory.ts'

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'provops-directory-'))
})

afterEach(() => {
  rmSync(dir, { recursive: true })
})

describe('a directory', () => {
  it('is made with those above it, for the owner alone', () => {
    makeDirectory(join(dir, 'a/b/c'), 0o700)
    expect(['a', 'a/b', 'a/b/c'].map((name) => statSync(join(dir, name)).mode & 0o777)).toEqual([
      0o700, 0o700, 0o700,
    ])
  })

  it('that is there already stays as it is', () => {
    makeDirectory(join(dir, 'a'), 0o755)
    makeDirectory(join(dir, 'a'), 0o700)
    expect(statSync(join(dir, 'a')).mode & 0o777).toBe(0o755)
  })

  it.each(['file', 'file/below', 'file/far/below'])('is not made where a file is: %s', (name) => {
    writeFileSync(join(dir, 'file'), 'kept')
    expect(() => makeDirectory(join(dir, name), 0o700)).toThrow(/EEXIST|ENOTDIR/)
  })

  it.runIf(existsSync('/proc/self'))('is refused, not tried for ever, where none can be made', () => {
    expect(() => makeDirectory('/proc/provops/below', 0o700)).toThrow('ENOENT')
  })
})
