import { stripVTControlCharacters } from 'node:util'

// Controls, line and paragraph separators, and the marks that reorder or hide text in a terminal.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu

const PLAIN = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/

/**
 * Foreign text made safe to show on one line: escape sequences and controls removed, runs of blanks folded, cut to
 * `maxLength` characters with an ellipsis. It is cut between words: half of a key could no longer be known as one.
 */
export function printable(text: string, maxLength = 200): string {
  // To know all of Unicode's invisible characters takes milliseconds; most texts need no such knowledge.
  if (text.length <= maxLength && PLAIN.test(text)) return text
  // Cut before cleaning, so that a megabyte of hostile text costs no more than a line of it.
  const head = text.slice(0, maxLength * 8)
  const clean = stripVTControlCharacters(head).replace(INVISIBLE, ' ').trim()
  if (clean.length <= maxLength && head.length === text.length) return clean
  const lastBlank = clean.slice(0, maxLength).lastIndexOf(' ')
  return `${clean.slice(0, Math.max(0, lastBlank))}…`
}

/** `1 model`, `2 models`, `1,234 models`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${groupedNumber(count)} ${count === 1 ? singular : plural}`
}

/** A whole number with commas between thousands. Written out, since the first use of Intl costs milliseconds. */
export function groupedNumber(count: number): string {
  return count.toFixed(0).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** A share as a percentage with one decimal, two below one percent so that 0.04 % is not shown as 0.0 %. */
export function percent(share: number): string {
  const value = share * 100
  const digits = value > 0 && value < 1 ? 2 : 1
  return `${Number(value.toFixed(digits))} %`
}

const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'm', ms: 60_000 },
  { name: 's', ms: 1000 },
] as const

/** A span in its two largest units: `12 ms`, `4.2 s`, `4 m 10 s`, `2 h`, `3 d 4 h`. */
export function span(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`
  if (durationMs < 60_000) return `${Number((durationMs / 1000).toFixed(1))} s`
  let rest = Math.round(durationMs / 1000) * 1000
  const parts: string[] = []
  for (const unit of UNITS) {
    const count = Math.floor(rest / unit.ms)
    rest -= count * unit.ms
    if (count > 0) parts.push(`${count} ${unit.name}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.join(' ')
}

/** `2026-11-28T02:34Z`. */
export function instantOf(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16)}Z`
}

/** `a, b and 3 more`: names for one line, the first `shown` of them. */
export function listed(names: readonly string[], shown = 4): string {
  if (names.length <= shown) return names.join(', ')
  return `${names.slice(0, shown).join(', ')} and ${groupedNumber(names.length - shown)} more`
}

/** A word as a shell takes it, in quotes where it needs them; control characters are lost. */
export function shellWord(word: string): string {
  if (/^[\w./@%+=:,-]+$/.test(word)) return word
  return `'${word.replace(UNPRINTED, '').replaceAll("'", String.raw`'\''`)}'`
}

const UNPRINTED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
