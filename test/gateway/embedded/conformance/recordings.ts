import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const WIRE_DIR = new URL('../../../../fixtures/wire/', import.meta.url).pathname
export const CONFIG_DIR = new URL('../../../../fixtures/config/', import.meta.url).pathname

export interface Recording {
  /** `upstream/chat-plain`. */
  readonly id: string
  readonly name: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string | null
  }
  readonly response: Answer
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** All recordings of one gateway, by name. */
export function recordingsOf(gateway: string): ReadonlyMap<string, Recording> {
  const directory = join(WIRE_DIR, gateway)
  const files = readdirSync(directory).filter((file) => file.endsWith('.json'))
  return new Map(
    files.map((file) => {
      const name = file.replace(/\.json$/, '')
      const { request, response } = JSON.parse(readFileSync(join(directory, file), 'utf8'))
      return [name, { id: `${gateway}/${name}`, name, request, response }]
    }),
  )
}

export interface Difference {
  /** Glob over ids. */
  readonly recordings: string
  readonly aspect: Aspect
  readonly why: string
}

export const ASPECTS = ['all', 'status', 'headers', 'body'] as const
export type Aspect = (typeof ASPECTS)[number]

/** The rows of the table in DIFFERENCES.md: `| recordings | aspect | why |`. */
export function readDifferences(): Difference[] {
  const text = readFileSync(join(WIRE_DIR, 'DIFFERENCES.md'), 'utf8')
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) => {
    const [recordings = '', aspect = '', why = ''] = row
      .slice(1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', ''))
    if (!ASPECTS.includes(aspect as Aspect) || why === '') throw new Error(`not a difference: ${row}`)
    return { recordings, aspect: aspect as Aspect, why }
  })
}
