// What both sides count by: the AssemblyScript here, and the TypeScript that calls it.

/** Why `read` stopped: all bytes are read, or the line is not an ordinary one, or is cut off by the end. */
export const AT_END = 0
export const NOT_TAKEN = 1
/** The line is ordinary but for a path that is not known; `rememberPath`, and read on. */
export const NEW_PATH = 2
/** The line is a failure of a text that is not known; `rememberText`, if it is a failure, and read on. */
export const NEW_FAILURE = 3
/** An access line was taken, of a refusal or because answers are awaited. */
export const ACCESS = 4
/** A failure line was taken. */
export const FAILURE = 5

// What `read` says when it stops: places in an array of 32-bit integers. Addresses are of bytes in memory.
/** The address behind the last line taken. */
export const POSITION = 0
/** How many access lines were taken. */
export const TAKEN = 1
/** Local time of the line taken last, in seconds since the first of the times that `setTimes` gave. */
export const SECONDS = 2
// From here on of the line it stopped at. From where to where a new path, or the text of a new failure, stands:
export const FROM = 3
export const TO = 4
export const ID_FROM = 5
/** 1 for eight hex digits, which make the number `ID`. */
export const ID_IS_HEX = 6
export const ID = 7
export const STATUS = 8
export const ROUTE = 9
export const LATENCY_FROM = 10
/** -1 when the latency is not in one of the forms `812ms`, `1.192s` and `5s`. */
export const LATENCY_MS = 11
/** The number of the failure's text. */
export const TEXT = 12
export const FACTS = 13

// What `learn` takes.
/** Stands before every line. Its digits can be others in the next line: a journal puts the time there. */
export const PREFIX = 0
/** From here on what stands between the request id and the message of some lines. */
export const INFO_HEAD = 1
export const WARN_HEAD = 2
export const ERROR_HEAD = 3
export const FAILURE_HEAD = 4
/** Longer texts are not learned. */
export const MAX_KNOWN_LENGTH = 96

/** A route's count of a status stands at `route * STATUSES + status - FIRST_STATUS`. */
export const FIRST_STATUS = 100
export const STATUSES = 500

export const LINE_FEED = 0x0a
export const CARRIAGE_RETURN = 0x0d
export const QUOTE = 0x22

export const ID_LENGTH = 8
/** Of the column. */
export const LATENCY_LENGTH = 13

/** So many bytes behind the end have to be zero, so that a line that is cut off there is not taken for another. */
export const ROOM = 1024
/** Of longer failure lines no text is made. */
export const MAX_FAILURE_LENGTH = 4096
