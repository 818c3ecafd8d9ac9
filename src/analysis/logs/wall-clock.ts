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
  /** Whether clocks in this zone went or go back within three hours of the instant. */
  goesBackNear(instantMs: number): boolean
}

/** Every zone offset now in use changes on a quarter of an hour of local time. */
const QUARTER_S = 900
const DAY_MS = 86_400_000
const NEAR_MS = 3 * 3_600_000

/** Lines of concurrent requests are written out of order by a second or two; a clock going back jumps by far more. */
const DISORDER_MS = 60_000

/** A clock of an IANA zone (`Asia/Shanghai`, `UTC`) or offset (`+08:00`); null when the zone is not known. */
export function wallClock(zone: string): WallClock | null {
  const offsetMs = (instantMs: number) => tzOffset(zone, new Date(instantMs)) * 60_000
  if (Number.isNaN(offsetMs(0))) return null

  let quarter = Number.NaN
  let earlyOffsetMs = 0
  let lateOffsetMs = 0
  const lookUp = (wallSeconds: number) => {
    quarter = Math.floor(wallSeconds / QUARTER_S)
    const wallMs = quarter * QUARTER_S * 1000
    // A day away on both sides lie the offsets from before and after any change that can touch this local time.
    const before = offsetMs(wallMs - DAY_MS)
    const after = offsetMs(wallMs + DAY_MS)
    const valid = [before, after].filter((offset) => offsetMs(wallMs - offset) === offset)
    earlyOffsetMs = valid[0] ?? before
    lateOffsetMs = valid[1] ?? earlyOffsetMs
  }

  return {
    zone,
    instantMs(wallSeconds, notBeforeMs) {
      if (Math.floor(wallSeconds / QUARTER_S) !== quarter) lookUp(wallSeconds)
      const early = wallSeconds * 1000 - earlyOffsetMs
      if (notBeforeMs === null || early >= notBeforeMs - DISORDER_MS) return early
      return wallSeconds * 1000 - lateOffsetMs
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
