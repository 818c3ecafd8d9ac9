import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')

/** Which rooms a room may import: any before it in this order, with the exceptions below. */
const ORDER = [
  'core',
  'wire',
  'analysis',
  'gateway',
  'checks',
  'changes',
  'render',
  'shell',
  'commands',
  'bin',
] as const
type Room = (typeof ORDER)[number]

/** Arrows that the order would allow and the design does not. `types` allows `import type` alone. */
const NARROWED: Partial<Record<Room, Partial<Record<Room, 'never' | 'types'>>>> = {
  checks: { gateway: 'types' },
  render: { wire: 'never', analysis: 'never', gateway: 'never', checks: 'never', changes: 'never' },
  commands: { wire: 'never', gateway: 'never' },
}

/** The client and the embedded gateway share `wire/` and never import each other. */
const STRANGERS: readonly (readonly [string, string])[] = [
  ['src/gateway/client', 'src/gateway/embedded'],
  ['src/gateway/embedded', 'src/gateway/client'],
]

/** Which rooms may import a library; node's own modules are not listed. Everything has a reason to be here. */
const LIBRARIES: Record<string, readonly string[]> = {
  '@date-fns/tz': ['src/analysis/logs', 'src/shell'],
  chalk: ['src/render'],
  'cli-table3': ['src/render'],
  commander: ['commands'],
  diff: ['src/analysis', 'src/changes'],
  'env-paths': ['bin'],
  'eventsource-parser': ['src/wire', 'src/gateway/embedded'],
  execa: ['src/shell'],
  'fastest-levenshtein': ['src/core', 'src/analysis', 'src/gateway/embedded'],
  'find-my-way': ['src/gateway/embedded'],
  'parse-duration': ['src/wire', 'src/analysis', 'src/gateway/embedded', 'src/shell'],
  picomatch: ['src/core', 'src/analysis'],
  'proper-lockfile': ['src/changes'],
  'rotating-file-stream': ['src/gateway/embedded'],
  'string-width': ['src/render'],
  undici: ['src/gateway'],
  'wrap-ansi': ['src/render'],
  yaml: ['src/analysis', 'src/changes', 'src/gateway/embedded', 'src/shell'],
  zod: ['src/wire', 'src/analysis', 'src/gateway/embedded', 'src/changes', 'src/shell'],
}

interface Import {
  readonly file: string
  readonly target: string
  readonly onlyTypes: boolean
}

const IMPORT =
  /^(?:import|export)\s+(?<type>type\s+)?(?:[^'"]*?\sfrom\s+)?'(?<target>[^']+)'|import\('(?<late>[^']+)'\)/gm

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  return [...text.matchAll(IMPORT)].map((match) => ({
    file,
    target: match.groups?.target ?? match.groups?.late ?? '',
    onlyTypes: match.groups?.type !== undefined,
  }))
}

const FILES = ['src', 'commands', 'bin'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name)),
)
const IMPORTS = FILES.flatMap(importsOf)

function roomOf(path: string): Room {
  const [first = '', second = ''] = path.split('/')
  return (first === 'src' ? second : first) as Room
}

function targetPath({ file, target }: Import): string {
  return relative(ROOT, resolve(ROOT, dirname(file), target))
}

function complaint(it: Import): string | null {
  const from = roomOf(it.file)
  const to = roomOf(targetPath(it))
  const stranger = STRANGERS.find(([a, b]) => it.file.startsWith(a) && targetPath(it).startsWith(b))
  if (stranger)
    return `${it.file} imports ${targetPath(it)}: the client and the embedded gateway share only wire/`
  if (from === to) return null
  if (ORDER.indexOf(to) > ORDER.indexOf(from))
    return `${it.file} imports ${targetPath(it)}: ${from} stands before ${to}`
  const narrowed = NARROWED[from]?.[to]
  if (narrowed === 'never') return `${it.file} imports ${targetPath(it)}: ${from} does not know ${to}`
  if (narrowed === 'types' && !it.onlyTypes)
    return `${it.file} imports ${targetPath(it)}: ${from} may only use types of ${to}`
  return null
}

describe('the rooms of the house', () => {
  it('has files in every room', () => {
    expect(new Set(FILES.map(roomOf))).toEqual(new Set(ORDER))
  })

  it('has arrows that point one way', () => {
    const inside = IMPORTS.filter(({ target }) => target.startsWith('.'))
    expect(inside.length).toBeGreaterThan(50)
    expect(inside.map(complaint).filter((text) => text !== null)).toEqual([])
  })

  it('imports each library only where it has a reason to be', () => {
    const outside = IMPORTS.filter(
      ({ target, onlyTypes }) => !target.startsWith('.') && !target.startsWith('node:') && !onlyTypes,
    )
    const wrong = outside.filter(({ file, target }) => {
      const name = target
        .split('/')
        .slice(0, target.startsWith('@') ? 2 : 1)
        .join('/')
      return !(LIBRARIES[name] ?? []).some((room) => file.startsWith(`${room}/`))
    })
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
  })

  it('uses every dependency it declares', () => {
    const declared = Object.keys(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).dependencies)
    expect(Object.keys(LIBRARIES).sort()).toEqual(declared.sort())
  })
})
