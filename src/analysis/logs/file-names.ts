/** What the name of a file in a gateway's log directory says (contract, files 4.1). */
export type LogFileName =
  /** The one being written. */
  | { readonly kind: 'active' }
  /** `endMs`: when it was rotated, which is when its last line was written. */
  | { readonly kind: 'rotated'; readonly endMs: number }
  /** Rotated by another program; 1 is the newest. */
  | { readonly kind: 'numbered'; readonly number: number }
  /** A dump of one request, not a log. */
  | { readonly kind: 'request' }
  | { readonly kind: 'other' }

const ROTATED = /^main-(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})(?:\.(\d{1,3}))?\.log(?:\.gz)?$/
const NUMBERED = /^main\.log\.(\d{1,9})(?:\.gz)?$/
const REQUEST = /^(?:error-)?.+?-\d{4}-\d{2}-\d{2}T\d{6}(?:_\d+)?-(?:[0-9a-f]{8}|\d+)\.log$/

export function readLogFileName(name: string): LogFileName {
  if (name === 'main.log') return { kind: 'active' }
  const rotated = ROTATED.exec(name)
  if (rotated !== null) {
    const [, date, hour, minute, second, millisecond = '0'] = rotated
    // The stamp is UTC although the lines are local (contract, files 4.1).
    const endMs = Date.parse(`${date}T${hour}:${minute}:${second}.${millisecond.padStart(3, '0')}Z`)
    return Number.isNaN(endMs) ? { kind: 'other' } : { kind: 'rotated', endMs }
  }
  const number = NUMBERED.exec(name)?.[1]
  if (number !== undefined) return { kind: 'numbered', number: Number(number) }
  return REQUEST.test(name) ? { kind: 'request' } : { kind: 'other' }
}

/** The names of main logs among those of a directory, oldest first; of a file and its compressed copy, the file. */
export function mainLogsInOrder(names: readonly string[]): string[] {
  const all = new Set(names)
  return names
    .filter((name) => !(name.endsWith('.gz') && all.has(name.slice(0, -'.gz'.length))))
    .flatMap((name) => {
      const key = sortKey(readLogFileName(name))
      return key === null ? [] : [{ name, key }]
    })
    .sort((a, b) => a.key[0] - b.key[0] || a.key[1] - b.key[1])
    .map(({ name }) => name)
}

// The gateway's own rotation never comes with the numbering of another program; if it does, its files are older.
function sortKey(name: LogFileName): readonly [number, number] | null {
  if (name.kind === 'rotated') return [0, name.endMs]
  if (name.kind === 'numbered') return [1, -name.number]
  return name.kind === 'active' ? [2, 0] : null
}
