import { digitAt, equalBits } from './bytes'

/** `] [` behind the time, in the upper three bytes of four. */
const TIME_END: u32 = 0x5b205d
/** `0:00` */
const ZERO_CLOCK: u32 = 0x30303a30

/** Local seconds since 1970-01-01 of the time read last. */
export let wallSeconds: i64 = 0

let startOfTen: i64 = 0
// The bytes of these ten minutes, `[2026-08-22 21:4`.
let tenMinutes: v128 = i64x2.splat(0)

/** Reads `[2026-08-22 21:40:03] [`. False when there is no time here, or none that exists, or one before the year 1000. */
export function readTime(at: usize): bool {
  if (load<u32>(at + 19) >> 8 !== TIME_END) return false
  if (equalBits(v128.load(at), tenMinutes) !== 0xffff && !readTen(at)) return false
  const clock = load<u32>(at + 16) ^ ZERO_CLOCK
  const minute = clock & 0xff
  const ones = clock >> 24
  const second = ((clock >> 16) & 0xff) * 10 + ones
  if ((clock & 0xff00) !== 0 || minute > 9 || ones > 9 || second > 60) return false
  wallSeconds = startOfTen + minute * 60 + second
  return true
}

function readTen(at: usize): bool {
  if (!hasMarks(at)) return false
  const year = numberAt(at + 1) * 100 + numberAt(at + 3)
  const month = numberAt(at + 6)
  const day = numberAt(at + 9)
  const hour = numberAt(at + 12)
  const tens = digitAt(at + 15)
  if (year < 1000 || year > 9999 || month < 1 || month > 12 || day < 1 || hour > 23 || tens > 5) return false
  if (day > daysIn(month)) return false
  startOfTen = daysBefore(year, month, day) * 86400 + hour * 3600 + tens * 600
  tenMinutes = v128.load(at)
  return true
}

function hasMarks(at: usize): bool {
  return (
    load<u8>(at) === 0x5b && // [
    load<u8>(at + 5) === 0x2d && // -
    load<u8>(at + 8) === 0x2d &&
    load<u8>(at + 11) === 0x20 &&
    load<u8>(at + 14) === 0x3a // :
  )
}

/** Of two digits; more than any number in a time when they are not both digits. */
function numberAt(at: usize): u32 {
  const tens = digitAt(at)
  const ones = digitAt(at + 1)
  return tens > 9 || ones > 9 ? 100_000 : tens * 10 + ones
}

/** February has 29 in every year, and the 29th that is none counts as 1 March, as JavaScript has it. */
function daysIn(month: u32): u32 {
  if (month === 2) return 29
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** From 1970-01-01, by years that begin in March, so that a leap day is the last of its year. */
function daysBefore(year: u32, month: u32, day: u32): i64 {
  const years = month > 2 ? year : year - 1
  const months = month > 2 ? month - 3 : month + 9
  const leapDays = years / 4 - years / 100 + years / 400
  return <i64>(years * 365 + leapDays + (153 * months + 2) / 5 + day - 1) - 719_468
}
