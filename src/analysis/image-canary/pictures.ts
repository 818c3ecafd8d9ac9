import { type Rgb, rgbPng } from './png.ts'

/** Pixels per side: one tile for every provider that counts images by tiles. */
const SIZE = 64

/** A picture with a known content, which the request does not tell. */
export interface Picture {
  readonly name: 'colour' | 'digit'
  readonly base64: string
  /** Words of an answer that only somebody who saw it gives. */
  readonly proof: RegExp
}

const RED: Rgb = [220, 30, 30]
const BLUE: Rgb = [30, 40, 220]
const YELLOW: Rgb = [245, 225, 20]

/** The digit 7 in the usual 5 by 7 dot-matrix font. */
const SEVEN = ['11111', '00001', '00010', '00100', '01000', '01000', '01000']
const DOT = 6
const LEFT = 17
const TOP = 11

function digitAt(x: number, y: number): Rgb {
  const dot = SEVEN[Math.floor((y - TOP) / DOT)]?.[Math.floor((x - LEFT) / DOT)]
  return dot === '1' ? BLUE : YELLOW
}

/** A solid colour, and a drawn digit: a model that guesses gets one of them right at most. */
export const PICTURES = {
  colour: {
    name: 'colour',
    base64: rgbPng(SIZE, () => RED).toString('base64'),
    proof: /\bred\b/i,
  },
  digit: {
    name: 'digit',
    base64: rgbPng(SIZE, digitAt).toString('base64'),
    // Whoever names the colours has seen it as well.
    proof: /\b(?:7|seven|yellow)\b/i,
  },
} as const satisfies Record<string, Picture>
export type PictureName = keyof typeof PICTURES
