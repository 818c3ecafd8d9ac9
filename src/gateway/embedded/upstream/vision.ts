import type { Picture } from './png.ts'

const COLOURS = {
  red: [220, 30, 30],
  green: [30, 170, 40],
  blue: [30, 40, 220],
  yellow: [245, 225, 20],
  orange: [255, 140, 0],
  purple: [130, 30, 160],
  cyan: [0, 220, 220],
  magenta: [240, 0, 240],
  brown: [140, 80, 30],
  black: [0, 0, 0],
  white: [255, 255, 255],
  grey: [128, 128, 128],
} as const

/** The usual 5 by 7 dot-matrix digits, one string of rows per digit. */
const GLYPHS = [
  '01110 10001 10011 10101 11001 10001 01110',
  '00100 01100 00100 00100 00100 00100 01110',
  '01110 10001 00001 00010 00100 01000 11111',
  '11111 00010 00100 00010 00001 10001 01110',
  '00010 00110 01010 10010 11111 00010 00010',
  '11111 10000 11110 00001 00001 10001 01110',
  '00110 01000 10000 11110 10001 10001 01110',
  '11111 00001 00010 00100 01000 01000 01000',
  '01110 10001 10001 01110 10001 10001 01110',
  '01110 10001 10001 01111 00001 00010 01100',
].map((rows) => rows.replaceAll(' ', ''))

/** Seven-segment-like digits, drawn 3 by 5. */
const SMALL_GLYPHS = [
  '111 101 101 101 111',
  '010 110 010 010 111',
  '111 001 111 100 111',
  '111 001 111 001 111',
  '101 101 111 001 001',
  '111 100 111 001 111',
  '111 100 111 101 111',
  '111 001 001 001 001',
  '111 101 111 101 111',
  '111 101 111 001 111',
].map((rows) => rows.replaceAll(' ', ''))

interface Font {
  readonly columns: number
  readonly rows: number
  readonly glyphs: readonly string[]
}

const FONTS: readonly Font[] = [
  { columns: 5, rows: 7, glyphs: GLYPHS },
  { columns: 3, rows: 5, glyphs: SMALL_GLYPHS },
]

/** Of a glyph's cells, the share that must agree before a digit is named. */
const SURE = 0.9
/** Of a picture's pixels, the share of one colour that makes it plain. */
const PLAIN = 0.98

/**
 * What a simulated model sees: `The image is red.` for a plain colour, `The image shows the digit 7, black on white.`
 * for a digit drawn in a 5 by 7 or 3 by 5 dot font at any scale, else the two main colours.
 */
export function describe(picture: Picture): string {
  const field = classify(picture)
  const [ground, ink] = mainColours(field)
  if (!ink || ground.share >= PLAIN) return `The image is ${ground.name}.`
  const digit = readDigit(field, ground.name)
  const colours = `${ink.name} on ${ground.name}`
  return digit === null ? `The image shows ${colours}.` : `The image shows the digit ${digit}, ${colours}.`
}

/** A picture reduced to colour names. */
interface Field {
  readonly width: number
  readonly height: number
  readonly names: readonly string[]
}

function classify({ width, height, rgb }: Picture): Field {
  const known = new Map<number, string>()
  const names: string[] = []
  for (let at = 0; at < rgb.length; at += 3) {
    const [red = 0, green = 0, blue = 0] = rgb.subarray(at, at + 3)
    const packed = (red << 16) | (green << 8) | blue
    let name = known.get(packed)
    if (name === undefined) {
      name = nearestColour(red, green, blue)
      known.set(packed, name)
    }
    names.push(name)
  }
  return { width, height, names }
}

function nearestColour(red: number, green: number, blue: number): string {
  let nearest = ''
  let least = Number.POSITIVE_INFINITY
  for (const [name, [r, g, b]] of Object.entries(COLOURS)) {
    const distance = (red - r) ** 2 + (green - g) ** 2 + (blue - b) ** 2
    if (distance < least) {
      least = distance
      nearest = name
    }
  }
  return nearest
}

interface Patch {
  readonly name: string
  readonly share: number
}

function mainColours({ names }: Field): [Patch, Patch | undefined] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  const [first, second] = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => ({ name, share: count / names.length }))
  return [first ?? { name: 'empty', share: 1 }, second]
}

/** Where something is drawn. */
interface Ink {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  at(x: number, y: number): boolean
}

function readDigit(field: Field, ground: string): number | null {
  const ink = findInk(field, ground)
  let best = { digit: -1, likeness: 0 }
  for (const font of FONTS)
    for (const [digit, glyph] of font.glyphs.entries()) {
      const likeness = compare(glyph, font, ink)
      if (likeness > best.likeness) best = { digit, likeness }
    }
  return best.likeness >= SURE ? best.digit : null
}

function findInk({ width, names }: Field, ground: string): Ink {
  const xs = new Set<number>()
  const ys = new Set<number>()
  for (const [pixel, name] of names.entries())
    if (name !== ground) {
      xs.add(pixel % width)
      ys.add(Math.floor(pixel / width))
    }
  const [left, right] = ends(xs)
  const [top, bottom] = ends(ys)
  return {
    left,
    top,
    width: right - left + 1,
    height: bottom - top + 1,
    at: (x, y) => names[y * width + x] !== ground,
  }
}

function ends(values: ReadonlySet<number>): [number, number] {
  const sorted = [...values].sort((a, b) => a - b)
  return [sorted[0] ?? 0, sorted.at(-1) ?? 0]
}

/** Lays the glyph, trimmed to its own columns, over the ink and samples the middle of each cell. */
function compare(glyph: string, { columns, rows }: Font, ink: Ink): number {
  const used = Array.from({ length: columns }, (_, column) => column).filter((column) =>
    [...glyph].some((cell, at) => cell === '1' && at % columns === column),
  )
  let same = 0
  for (let row = 0; row < rows; row++)
    for (const [index, column] of used.entries()) {
      const x = Math.floor(ink.left + ((index + 0.5) * ink.width) / used.length)
      const y = Math.floor(ink.top + ((row + 0.5) * ink.height) / rows)
      if (ink.at(x, y) === (glyph[row * columns + column] === '1')) same++
    }
  return same / (rows * used.length)
}
