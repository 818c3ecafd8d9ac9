import { tzOffset } from '@date-fns/tz'

/** An instant as hours and minutes of a zone that has a `WallClock`: `19:56`. */
export function clockTime(atMs: number, zone: string): string {
  // Not by Intl: that of node 20 knows no offsets such as +08:00. To know any zone loads all of them.
  const offsetMinutes = zone === 'UTC' ? 0 : tzOffset(zone, new Date(atMs))
  return new Date(atMs + offsetMinutes * 60_000).toISOString().slice(11, 16)
}
