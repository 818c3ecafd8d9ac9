import { expect, test } from 'vitest'
import type { Applied } from '../../src/changes/apply.ts'
import { STALLS, stallCauses } from '../../src/changes/stall.ts'
import type { StoreFault } from '../../src/changes/store.ts'
import { tellApplied, tellEffect, tellFinished, tellNotHeld, tellUndone } from '../../src/changes/words.ts'
import { changeOf } from './support/world.ts'

const change = changeOf('/etc/gw/config.yaml', 'a: 1\n', 'a: 2\n')
const { target } = change

test('the first line of a failure names the stage, the cause and what became of the file', () => {
  const applied: Applied = {
    kind: 'failed',
    stage: 'write',
    fault: { kind: 'short-write', path: '/etc/gw/config.yaml', wroteBytes: 5, wantedBytes: 9 },
    left: 'put-back',
    backupPath: '/etc/gw/config.yaml.bak-1',
    undoCommand: 'provops undo run1',
  }
  expect(tellApplied(applied, change)).toEqual({
    line: 'write failed: only 5 of 9 bytes fitted into /etc/gw/config.yaml: the disk or a quota is full; the text before was put back, byte by byte; backup /etc/gw/config.yaml.bak-1',
    more: [],
    next: 'remove the cause, then run the command again',
  })
})

test('a success names the backup, the notes and the way back', () => {
  const applied: Applied = {
    kind: 'applied',
    runId: 'run1',
    backupPath: '/state/before.yaml',
    notes: [{ kind: 'backup-elsewhere', because: { kind: 'read-only', path: '/etc/gw', code: 'EROFS' } }],
    undoCommand: 'provops undo run1',
  }
  expect(tellApplied(applied, change)).toEqual({
    line: 'written: /etc/gw/config.yaml; backup /state/before.yaml',
    more: ['the backup is in the state directory: /etc/gw lies on a read-only file system'],
    next: 'provops undo run1',
  })
})

test('a missing effect names the three causes, how to tell and what to do', () => {
  const causes = stallCauses('a: 2\n', null)
  const { line, more, next } = tellEffect(
    { kind: 'not-seen', saw: '4 models', waitedMs: 10_000, causes },
    change,
  )
  expect(line).toBe('verify failed: no effect within 10 s: 4 models')
  for (const { means, tell, fix } of Object.values(STALLS)) {
    expect(more.filter((each) => [means, tell, fix].every((part) => each.includes(part)))).toHaveLength(1)
  }
  expect(next).toBe('provops undo run1')
})

test('a proven lost watch is not answered with an undo that nobody would see', () => {
  const causes = stallCauses('a: 2\n', { servedText: 'a: 2\n', logLines: [] })
  const told = tellEffect({ kind: 'not-seen', saw: '4 models', waitedMs: 10_000, causes }, change)
  expect(told.next).toContain('restart the gateway')
})

test('going back by hand comes with the backup, the diff and a command that can be pasted', () => {
  const told = tellUndone(
    {
      kind: 'conflict',
      runId: 'run1',
      conflict: {
        kind: 'changed-since-run',
        how: 'edited',
        laterRunId: null,
        manual: {
          backupPath: "/etc/it's/config.yaml.bak",
          diff: { kind: 'unified', text: '--- a\n+++ a\n-x\n', addedLines: 0, removedLines: 1 },
        },
      },
    },
    change,
  )
  expect(told.line).toBe('undo: /etc/gw/config.yaml was edited since the run; it was not touched')
  expect(told.more).toEqual([
    "the text before the run: /etc/it's/config.yaml.bak",
    'what going back by hand means:',
    '--- a',
    '+++ a',
    '-x',
  ])
  expect(told.next).toBe(String.raw`diff -u /etc/gw/config.yaml '/etc/it'\''s/config.yaml.bak'`)
})

test('who holds the lock is named', () => {
  const owner = { pid: 7, host: 'here', since: '2026-11-23T00:27:38.000Z', doing: 'provops onboard' }
  expect(tellNotHeld({ kind: 'busy', owner }, target).line).toBe(
    'lock: another provops is at work on /etc/gw/config.yaml (process 7 on here, provops onboard, since 2026-11-23T00:27:38.000Z)',
  )
})

const FAULTS: readonly StoreFault[] = [
  { kind: 'missing', path: '/p', code: 'ENOENT' },
  { kind: 'no-permission', path: '/p', code: 'EACCES' },
  { kind: 'read-only', path: '/p', code: 'EROFS' },
  { kind: 'disk-full', path: '/p', code: 'ENOSPC' },
  { kind: 'exists', path: '/p', code: 'EEXIST' },
  { kind: 'io', path: '/p', code: 'EIO' },
  { kind: 'not-a-file', path: '/p' },
  { kind: 'not-utf8', path: '/p' },
  { kind: 'too-large', path: '/p', limitBytes: 1024 * 1024 },
  { kind: 'moved', path: '/p', to: '/q' },
  { kind: 'damaged', path: '/p' },
  { kind: 'no-reply', fault: { kind: 'aborted' } },
  { kind: 'no-reply', fault: { kind: 'no-key', key: 'management' } },
  { kind: 'no-reply', fault: { kind: 'held-back', refusal: '401' } },
  { kind: 'refused', status: 403, said: 'IP banned' },
  { kind: 'not-offered', status: 404 },
  { kind: 'rejected', status: 400, said: '' },
  { kind: 'not-saved', status: 500, said: 'write_failed' },
  { kind: 'secret-key-changed' },
  { kind: 'unreadable-text' },
  { kind: 'stored-differently' },
]

test('each fault reads differently, on one line', () => {
  const lines = FAULTS.map((fault) => {
    const failed = {
      kind: 'failed',
      runId: 'run1',
      stage: 'read',
      fault,
      left: 'untouched',
      backupPath: null,
    } as const
    return tellFinished(failed, change).line
  })
  expect(new Set(lines).size).toBe(FAULTS.length)
  for (const line of lines)
    expect(line).toMatch(/^finishing an earlier run: read failed: [^\n]+ was not touched$/)
})
