/** Text as the gateway's language prints it: durations, local time stamps, escaped JSON. */

/** A Go duration cut to milliseconds below one minute and to seconds above: `0s`, `7ms`, `1.192s`, `1m32s`, `1h2m3s` (contract, files 4.3). */
export function goDuration(durationMs: number): string {
  const ms = Math.max(0, Math.trunc(durationMs))
  if (ms === 0) return '0s'
  if (ms < 1_000) return `${ms}ms`
  if (ms < 60_000) return `${ms / 1_000}s`
  const seconds = Math.trunc(ms / 1_000)
  const hours = Math.trunc(seconds / 3_600)
  const minutes = Math.trunc((seconds % 3_600) / 60)
  return `${hours > 0 ? `${hours}h` : ''}${minutes}m${seconds % 60}s`
}

const two = (n: number): string => (n < 10 ? `0${n}` : String(n))

let stampSecond = Number.NaN
let stampText = ''
let stampMinute = Number.NaN
let minuteText = ''

/** `YYYY-MM-DD HH:MM:SS` in the zone of the process, as in `main.log`: no zone, no fraction (contract, files 4.2). */
export function localStamp(timeMs: number): string {
  const second = Math.floor(timeMs / 1_000)
  if (second === stampSecond) return stampText
  const minute = Math.floor(second / 60)
  // No zone has changed its offset within a minute since 1972.
  if (minute !== stampMinute) {
    stampMinute = minute
    minuteText = minuteOf(timeMs)
  }
  stampSecond = second
  stampText = `${minuteText}:${two(second - minute * 60)}`
  return stampText
}

function minuteOf(timeMs: number): string {
  const t = new Date(timeMs)
  return `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())} ${two(t.getHours())}:${two(t.getMinutes())}`
}

/** `YYYY-MM-DDTHHMMSS` in the zone of the process, as in the names of error logs (contract, files 4.8). */
export function localFileStamp(timeMs: number): string {
  return localStamp(timeMs).replace(' ', 'T').replaceAll(':', '')
}

let digitsStamp = ''
let digits = ''

/** `YYYYMMDDhhmmss` in the zone of the process, the first part of a trace id (contract, HTTP 9). */
export function localDigits(timeMs: number): string {
  const stamp = localStamp(timeMs)
  if (stamp !== digitsStamp) {
    digitsStamp = stamp
    digits = stamp.replace(/\D/g, '')
  }
  return digits
}

/** `HH:MM` in the zone of the process, as in the buckets of the management routes (contract, HTTP 8.6). */
export function localClock(timeMs: number): string {
  const t = new Date(timeMs)
  return `${two(t.getHours())}:${two(t.getMinutes())}`
}

/** RFC 3339 with the offset of the process's zone, as Go prints a local time. */
export function localRfc3339(timeMs: number): string {
  const offsetMinutes = -new Date(timeMs).getTimezoneOffset()
  const stamp = localStamp(timeMs).replace(' ', 'T')
  if (offsetMinutes === 0) return `${stamp}Z`
  const size = Math.abs(offsetMinutes)
  return `${stamp}${offsetMinutes < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}:${two(size % 60)}`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** JSON with the characters escaped that Go's encoder escapes (contract, HTTP 7.1). */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => ESCAPES[c] ?? c)
}
