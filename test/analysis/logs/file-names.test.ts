import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mainLogsInOrder, readLogFileName } from '../../../src/analysis/logs/file-names.ts'

describe('names of log files', () => {
  it.each([
    ['main.log', { kind: 'active' }],
    ['main-2026-08-22T13-40-03.123.log', { kind: 'rotated', endMs: Date.UTC(2026, 7, 22, 13, 40, 3, 123) }],
    ['main-2026-08-22T13-40-03.log.gz', { kind: 'rotated', endMs: Date.UTC(2026, 7, 22, 13, 40, 3) }],
    ['main.log.12', { kind: 'numbered', number: 12 }],
    ['main.log.1.gz', { kind: 'numbered', number: 1 }],
    ['error-v1-responses-2026-08-22T214003-9f3c11aa.log', { kind: 'request' }],
    ['v1-chat-completions-2026-08-22T214003_1-1a2b3c4d.log', { kind: 'request' }],
    ['error-healthz-2026-11-23T002756-2.log', { kind: 'request' }],
    ['main-2026-13-22T13-40-03.log', { kind: 'other' }],
    ['main.log.swp', { kind: 'other' }],
    ['request-body-1.tmp', { kind: 'other' }],
  ])('%s', (name, expected) => {
    expect(readLogFileName(name)).toEqual(expected)
  })

  it('main logs come oldest first, whatever the order of the directory', () => {
    const inOrder = [
      'main-2026-08-21T00-00-00.log.gz',
      'main-2026-08-22T13-40-03.123.log',
      'main.log.10.gz',
      'main.log.2',
      'main.log.1',
      'main.log',
    ]
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...inOrder, 'x.log', 'error-a-2026-08-22T214003-1.log'], { minLength: 8 }),
        (names) => {
          expect(mainLogsInOrder(names)).toEqual(inOrder)
        },
      ),
    )
  })

  it('a file that is just being compressed is read once', () => {
    expect(mainLogsInOrder(['main.log.1.gz', 'main.log', 'main.log.1'])).toEqual(['main.log.1', 'main.log'])
  })
})
