import { tzOffset } from '@date-fns/tz'

/**
 * Turns the zone-less local times of a gateway log into instants (contract, files 4.2).
 * `wallSeconds` are seconds since 1970-01-01 read off the log as though its clock were UTC.
 */
export interface WallClock {
  readonly zone: string
  /**
   * Milliseconds since the epoch. A time that exists twice, in the hour when clocks go back, is the first of the two
   * unless `notBeforeMs` (the record before it) has already passed that. A time that the clocks skipped is read with
   * the offset from before the jump.
   */
  instantMs(wallSeconds: number, notBeforeMs: number | null): number
  /** The piece of local time around a moment in which its offsets from UTC are the same. */
  stretchAt(wallSeconds: number): Stretch
  /** Whether clocks in this zone went or go back within three hours of the instant. */
  goesBackNear(instantMs: number): boolean
}

export interface Stretch {
  /** From this local second to below the other. */
  readonly startS: number
  readonly endS: number
  /** An instant is local time less this; less `lateMs` the second time, in a stretch that exists twice. */
  readonly earlyMs: number
  readonly lateMs: number
}

/** Every zone offset now in use changes on a quarter of an hour of local time. */
const QUARTER_S = 900
const DAY_S = 86_400
const DAY_MS = 86_400_000
const NEAR_MS = 3 * 3_600_000

/** Lines of concurrent requests are written out of order by a second or two; a clock going back jumps by far more. */
const DISORDER_MS = 60_000

/** As in `TZ=UTC+03:00`, which is three hours behind UTC to POSIX and before it to everybody else. */
const POSIX_OFFSET = /^[A-Za-z]+[+-]\d/

/** A clock of an IANA zone (`Asia/Shanghai`, `UTC`) or offset (`+08:00`); null when the zone is not known. */
export function wallClock(zone: string): WallClock | null {
  if (POSIX_OFFSET.test(zone)) return null
  // Most gateways log in UTC, and to ask for the offset of any zone loads all of them.
  const offsetMs =
    zone === 'UTC' ? () => 0 : (instantMs: number) => tzOffset(zone, new Date(instantMs)) * 60_000
  if (Number.isNaN(offsetMs(0))) return null

  // Asking for an offset costs as much as reading a hundred lines, so a day without a change is one stretch.
  const lookUp = (wallSeconds: number): Stretch => {
    const dayS = Math.floor(wallSeconds / DAY_S) * DAY_S
    const before = offsetMs(dayS * 1000 - DAY_MS)
    const after = offsetMs(dayS * 1000 + 2 * DAY_MS)
    if (before === after) return { startS: dayS, endS: dayS + DAY_S, earlyMs: before, lateMs: before }
    const startS = Math.floor(wallSeconds / QUARTER_S) * QUARTER_S
    const valid = [before, after].filter((offset) => offsetMs(startS * 1000 - offset) === offset)
    const earlyMs = valid[0] ?? before
    return { startS, endS: startS + QUARTER_S, earlyMs, lateMs: valid[1] ?? earlyMs }
  }
  let stretch = lookUp(0)
  const stretchAt = (wallSeconds: number) => {
    if (wallSeconds < stretch.startS || wallSeconds >= stretch.endS) stretch = lookUp(wallSeconds)
    return stretch
  }

  return {
    zone,
    stretchAt,
    instantMs(wallSeconds, notBeforeMs) {
      const { earlyMs, lateMs } = stretchAt(wallSeconds)
      const first = wallSeconds * 1000 - earlyMs
      return notBeforeMs === null || first >= notBeforeMs - DISORDER_MS ? first : wallSeconds * 1000 - lateMs
    },
    goesBackNear: (instantMs) => offsetMs(instantMs + NEAR_MS) < offsetMs(instantMs - NEAR_MS),
  }
}

/** `wallSeconds` of a written date and time; null when there is no such date or time. */
export function wallSecondsOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | null {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60) return null
  if (day > (DAYS_IN_MONTH[month - 1] ?? 0)) return null
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000
}

const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
