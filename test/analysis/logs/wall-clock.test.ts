import { tzOffset } from '@date-fns/tz'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wallClock, wallSecondsOf } from '../../../src/analysis/logs/wall-clock.ts'
import { clockOf } from './support.ts'

const wall = (text: string) => Date.parse(`${text}Z`) / 1000
const iso = (ms: number) => new Date(ms).toISOString()

describe('the clock of a log', () => {
  it.each([
    ['UTC', '2026-08-22T13:40:03.000Z'],
    ['Asia/Shanghai', '2026-08-22T05:40:03.000Z'],
    ['+08:00', '2026-08-22T05:40:03.000Z'],
    ['-02:30', '2026-08-22T16:10:03.000Z'],
    ['Europe/Berlin', '2026-08-22T11:40:03.000Z'],
  ])('in %s reads 13:40:03 as %s', (zone, instant) => {
    expect(iso(clockOf(zone).instantMs(wall('2026-08-22T13:40:03'), null))).toBe(instant)
  })

  it.each(['Mars/Olympus', 'UTC+03:00', 'GMT-0530', '+8'])('does not exist for %s', (zone) => {
    expect(wallClock(zone)).toBe(null)
  })

  it('takes the first of two possible instants until the log has passed it', () => {
    const clock = clockOf('Europe/Berlin')
    const twice = wall('2026-10-25T02:30:00')
    expect(iso(clock.instantMs(twice, null))).toBe('2026-10-25T00:30:00.000Z')
    const before = clock.instantMs(wall('2026-10-25T02:59:59'), null)
    expect(iso(clock.instantMs(twice, before))).toBe('2026-10-25T01:30:00.000Z')
    expect(iso(clock.instantMs(wall('2026-10-25T02:59:58'), before))).toBe('2026-10-25T00:59:58.000Z')
  })

  it('reads a time that was skipped with the offset from before', () => {
    const skipped = clockOf('Europe/Berlin').instantMs(wall('2026-03-29T02:30:00'), null)
    expect(iso(skipped)).toBe('2026-03-29T01:30:00.000Z')
  })

  it('knows when clocks go back', () => {
    const clock = clockOf('Europe/Berlin')
    expect(clock.goesBackNear(Date.parse('2026-10-25T02:00:00Z'))).toBe(true)
    expect(clock.goesBackNear(Date.parse('2026-10-25T06:00:00Z'))).toBe(false)
    expect(clock.goesBackNear(Date.parse('2026-03-29T01:00:00Z'))).toBe(false)
  })

  it('follows any instant through the year, in order, in zones of all kinds', () => {
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'Pacific/Chatham',
      'UTC',
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2026, 0, 1) / 1000, max: Date.UTC(2027, 0, 1) / 1000 }),
        fc.integer({ min: 0, max: 3000 }),
        (zone, seconds, step) => {
          const clock = clockOf(zone)
          let last: number | null = null
          // Every quarter of an hour or so there is a line, as in a log.
          for (let i = 0; i < 20; i++) {
            const instant = (seconds + i * Math.min(step, 900)) * 1000
            const local = instant / 1000 + tzOffset(zone, new Date(instant)) * 60
            const read = clock.instantMs(local, last ?? instant - 1000)
            expect(iso(read)).toBe(iso(instant))
            last = read
          }
        },
      ),
    )
  })

  it('has no seconds for a date or time that does not exist', () => {
    expect(wallSecondsOf(2026, 8, 22, 13, 40, 3)).toBe(wall('2026-08-22T13:40:03'))
    for (const [month, day, hour, minute, second] of [
      [0, 1, 0, 0, 0],
      [13, 1, 0, 0, 0],
      [6, 31, 0, 0, 0],
      [1, 0, 0, 0, 0],
      [1, 1, 24, 0, 0],
      [1, 1, 0, 60, 0],
      [1, 1, 0, 0, 61],
    ] as const) {
      expect(wallSecondsOf(2026, month, day, hour, minute, second)).toBe(null)
    }
  })
})
