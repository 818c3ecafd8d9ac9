// Reads ordinary lines of era E from bytes in memory (contract, files 4.3 to 4.5): access lines, of which nearly all of a
// log are, and failure lines. In AssemblyScript, which needs no time to get fast, and compares sixteen bytes at once.
//
//     [2026-08-22 21:40:03] [9f3c11aa] [info ] [gin_logger.go:93] 200 |         812ms |    198.51.100.10 | POST    "/v1/responses"
import { digitAt, equalBits, everyByte, find, isSame, isSameShape, lowBits } from './bytes'
import { numberOfText } from './failures'
import { endOfPath, isPrintable, routeOf } from './paths'
import {
  ACCESS,
  AT_END,
  CARRIAGE_RETURN,
  ERROR_HEAD,
  FACTS,
  FAILURE,
  FAILURE_HEAD,
  FIRST_STATUS,
  FROM,
  ID,
  ID_FROM,
  ID_IS_HEX,
  ID_LENGTH,
  INFO_HEAD,
  LATENCY_FROM,
  LATENCY_LENGTH,
  LATENCY_MS,
  LINE_FEED,
  MAX_FAILURE_LENGTH,
  MAX_KNOWN_LENGTH,
  NEW_FAILURE,
  NEW_PATH,
  NOT_TAKEN,
  POSITION,
  PREFIX,
  QUOTE,
  ROUTE,
  SECONDS,
  STATUS,
  STATUSES,
  TAKEN,
  TEXT,
  TO,
  WARN_HEAD,
} from './shared'
import { readTime, wallSeconds } from './time'

export { rememberText } from './failures'
export { rememberPath } from './paths'

// Where the parts of a line begin, counted from its first byte, and those of its message, counted from the status.
const ID_AT = 23
const HEAD_AT = 31
const LATENCY_AT = 6
const ADDRESS_AT = 22
const METHOD_AT = 40
const PATH_AT = 49

// Eight bytes as a number.
const POST: u64 = 0x2020202054534f50
const GET: u64 = 0x2020202020544547
/** ` | `, in the upper three bytes of four. */
const CELL_END: u32 = 0x207c20

const MAX_ROUTES = 64
const MAX_CLASSES = 16
/** What `read` says of the line it stopped at. */
export const facts = memory.data(FACTS * 4, 4)
/** Answers by route and status. */
export const counts = memory.data(MAX_ROUTES * STATUSES * 4, 16)
/** A byte for each status, set by the caller: 1 for those that `read` stops at. */
export const refusals = memory.data(STATUSES, 16)
/** Answers by class of route. */
export const classCounts = memory.data(MAX_CLASSES * 4, 8)
const knownTexts = memory.data((FAILURE_HEAD + 1) * MAX_KNOWN_LENGTH, 16)
const knownLengths = memory.data((FAILURE_HEAD + 1) * 4, 8)

let firstWall: i64 = 0
let endWall: i64 = 0
let areCounted: bool = false
// Of the lines taken: where the next one begins, how many there are, and the last one's time.
let next: usize = 0
let linesTaken = 0
let lastWall: i64 = 0

/** Where lines to be read can be put. */
export function input(): usize {
  return (__heap_base + 15) & ~15
}

/** Takes only lines of these local times from now on, and counts their answers or does not. */
export function setTimes(from: f64, end: f64, counted: bool): void {
  firstWall = <i64>from
  endWall = <i64>end
  areCounted = counted
}

/** Where to put a text of this length that the lines from now on have. */
export function learn(which: i32, length: i32): usize {
  store<i32>(knownLengths + which * 4, length)
  return textOf(which)
}

function lengthOf(which: i32): i32 {
  return load<i32>(knownLengths + which * 4)
}

function textOf(which: i32): usize {
  return knownTexts + which * MAX_KNOWN_LENGTH
}

function isKnown(which: i32, at: usize): bool {
  const length = lengthOf(which)
  return length > 0 && isSame(at, textOf(which), length)
}

function tell(fact: i32, value: i32): void {
  store<i32>(facts + fact * 4, value)
}

/**
 * Reads lines from `from` to below `end` and stops at the first that is not ordinary, or that the caller has to know of:
 * any access line when answers are awaited. Returns why.
 */
export function read(from: usize, end: usize, areAwaited: bool): i32 {
  next = from
  linesTaken = 0
  const why = readLines(end, areAwaited)
  tell(POSITION, <i32>next)
  tell(TAKEN, linesTaken)
  tell(SECONDS, <i32>(lastWall - firstWall))
  return why
}

function readLines(end: usize, areAwaited: bool): i32 {
  const prefixLength = lengthOf(PREFIX)
  while (next < end) {
    if (prefixLength > 0 && !isSameShape(next, textOf(PREFIX), prefixLength)) return NOT_TAKEN
    const why = readLine(next + prefixLength, end, areAwaited)
    if (why !== AT_END) return why
  }
  return AT_END
}

/** `AT_END` when the line was taken and reading can go on. */
function readLine(line: usize, end: usize, areAwaited: bool): i32 {
  const head = headOf(line)
  if (head === 0) return readFailure(line, end)
  const body = line + HEAD_AT + lengthOf(head)
  const status = statusAt(body)
  if (status === 0 || !isPlainId(line + ID_AT) || !arePlainCells(body) || !isInTime(line)) return NOT_TAKEN
  const path = body + PATH_AT
  const quote = endOfPath(path)
  if (quote === 0 || quote === path) return NOT_TAKEN
  const lineFeed = load<u8>(quote + 1) === CARRIAGE_RETURN ? quote + 2 : quote + 1
  if (load<u8>(lineFeed) !== LINE_FEED) return NOT_TAKEN
  const route = routeOf(path, quote)
  if (route === 0) {
    tell(FROM, <i32>path)
    tell(TO, <i32>quote)
    return isPrintable(path, quote) ? NEW_PATH : NOT_TAKEN
  }
  take(lineFeed + 1)
  linesTaken++
  if (areCounted) {
    addOne(counts, load<i32>(route) * STATUSES + status - FIRST_STATUS)
    addOne(classCounts, load<i32>(route + 4))
  }
  if (!areAwaited && !isRefusal(status)) return AT_END
  tellId(line + ID_AT)
  tell(STATUS, status)
  tell(ROUTE, load<i32>(route))
  tell(LATENCY_FROM, <i32>(body + LATENCY_AT))
  tell(LATENCY_MS, latencyMs(body + LATENCY_AT))
  return ACCESS
}

function readFailure(line: usize, end: usize): i32 {
  if (!isKnown(FAILURE_HEAD, line + HEAD_AT) || !isPlainId(line + ID_AT) || !isInTime(line)) return NOT_TAKEN
  const text = line + HEAD_AT + lengthOf(FAILURE_HEAD)
  const limit = text + MAX_FAILURE_LENGTH
  const lineFeed = find(LINE_FEED, text, limit < end ? limit : end)
  if (lineFeed === limit || lineFeed === end) return NOT_TAKEN
  const textEnd = load<u8>(lineFeed - 1) === CARRIAGE_RETURN ? lineFeed - 1 : lineFeed
  const number = numberOfText(text, textEnd)
  if (number < 0) {
    tell(FROM, <i32>text)
    tell(TO, <i32>textEnd)
    return NEW_FAILURE
  }
  take(lineFeed + 1)
  tellId(line + ID_AT)
  tell(TEXT, number)
  return FAILURE
}

function take(behind: usize): void {
  next = behind
  lastWall = wallSeconds
}

/** Which of the known heads of access lines this line has; 0 for none. */
function headOf(line: usize): i32 {
  if (isKnown(INFO_HEAD, line + HEAD_AT)) return INFO_HEAD
  if (isKnown(WARN_HEAD, line + HEAD_AT)) return WARN_HEAD
  return isKnown(ERROR_HEAD, line + HEAD_AT) ? ERROR_HEAD : 0
}

function isInTime(line: usize): bool {
  return readTime(line) && wallSeconds >= firstWall && wallSeconds < endWall
}

/** Of `200 | `; 0 when there is none. */
function statusAt(body: usize): i32 {
  const hundreds = digitAt(body)
  const tens = digitAt(body + 1)
  const ones = digitAt(body + 2)
  if (hundreds < 1 || hundreds > 5 || tens > 9 || ones > 9) return 0
  return load<u32>(body + 2) >> 8 === CELL_END ? <i32>(hundreds * 100 + tens * 10 + ones) : 0
}

function isRefusal(status: i32): bool {
  return load<u8>(refusals + status - FIRST_STATUS) !== 0
}

/** Eight characters without white space, capitals, brackets and what is not ASCII. */
function isPlainId(at: usize): bool {
  const bytes = v128.load(at)
  const plain = v128.and(inBit5(bytes), i8x16.ne(bytes, everyByte(0x20)))
  return (i8x16.bitmask(plain) & lowBits(ID_LENGTH)) === lowBits(ID_LENGTH)
}

/**
 * Whether latency, address and method stand in their columns and are plain: in the latency nothing that could begin
 * another column, and in the address only digits, points, colons and such.
 */
function arePlainCells(body: usize): bool {
  const latency = v128.load(body + LATENCY_AT)
  const isLatency = v128.and(inBit5(latency), i8x16.lt_u(latency, everyByte(0x78)))
  const address = v128.and(v128.load(body + ADDRESS_AT), everyByte(0xe0))
  const method = load<u64>(body + METHOD_AT)
  return (
    (i8x16.bitmask(isLatency) & lowBits(LATENCY_LENGTH)) === lowBits(LATENCY_LENGTH) &&
    equalBits(address, everyByte(0x20)) === 0xffff &&
    load<u32>(body + 18) >> 8 === CELL_END &&
    load<u32>(body + 36) >> 8 === CELL_END &&
    (method === POST || method === GET) &&
    load<u8>(body + PATH_AT - 1) === QUOTE
  )
}

/** ASCII from space to `?` and from the backquote on: no control characters, no capitals, no brackets. */
function inBit5(bytes: v128): v128 {
  return i8x16.eq(v128.and(bytes, everyByte(0xa0)), everyByte(0x20))
}

/** Of `812ms`, `1.192s` or `5s` at the right of the column; -1 for any other text. */
function latencyMs(column: usize): i32 {
  const end = column + LATENCY_LENGTH
  if (load<u8>(end - 1) !== 0x73) return -1 // s
  let at = column
  while (load<u8>(at) === 0x20) at++
  if (end - at > 8) return -1
  const isMs = load<u8>(end - 2) === 0x6d
  const unit = isMs ? end - 2 : end - 1
  if (at === unit) return -1
  let number: u32 = 0
  for (const first = at; at < unit; at++) {
    if (load<u8>(at) === 0x2e && at > first && !isMs) return decimalsMs(number, at + 1, unit)
    const digit = digitAt(at)
    if (digit > 9) return -1
    number = number * 10 + digit
  }
  return <i32>(isMs ? number : number * 1000)
}

/** One to three decimals of a second. */
function decimalsMs(seconds: u32, from: usize, end: usize): i32 {
  if (end === from || end - from > 3) return -1
  let ms = seconds
  for (let at = from; at < from + 3; at++) {
    const digit = at < end ? digitAt(at) : 0
    if (digit > 9) return -1
    ms = ms * 10 + digit
  }
  return <i32>ms
}

function tellId(at: usize): void {
  let id: u32 = 0
  let isHex = true
  for (let i = 0; i < ID_LENGTH; i++) {
    const digit = hexDigitAt(at + i)
    if (digit > 15) isHex = false
    id = (id << 4) | digit
  }
  tell(ID_FROM, <i32>at)
  tell(ID_IS_HEX, isHex ? 1 : 0)
  tell(ID, <i32>id)
}

/** The value of a hex digit in lower case; more than 15 for any other byte. */
function hexDigitAt(at: usize): u32 {
  const digit = digitAt(at)
  if (digit <= 9) return digit
  const letter = <u32>load<u8>(at) - 0x61
  return letter < 6 ? letter + 10 : 16
}

function addOne(table: usize, cell: i32): void {
  const at = table + cell * 4
  store<u32>(at, load<u32>(at) + 1)
}
