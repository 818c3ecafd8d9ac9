import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodePng } from '../../../../src/gateway/embedded/upstream/png.ts'
import { describe as say } from '../../../../src/gateway/embedded/upstream/vision.ts'
import { BLACK, digitPng, plainPng, png, RED, rgbPng, WHITE } from './pictures.ts'

const shown = (bytes: Buffer): string | null => {
  const picture = decodePng(bytes)
  return picture && say(picture)
}

const FIVE_BY_SEVEN: readonly string[] = [
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
]
const THREE_BY_FIVE: readonly string[] = [
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
]

describe('a simulated model that is shown a picture', () => {
  it.each([
    ['red', [220, 30, 30]],
    ['green', [0, 160, 60]],
    ['blue', [20, 40, 230]],
    ['yellow', [250, 230, 30]],
    ['white', [255, 255, 255]],
    ['black', [5, 5, 5]],
  ] as const)('names plain %s', (name, colour) => {
    expect(shown(plainPng(colour))).toBe(`The image is ${name}.`)
  })

  it('reads every digit of the 5 by 7 font at several sizes', () => {
    for (const scale of [1, 3, 8])
      expect(FIVE_BY_SEVEN.map((rows) => shown(digitPng(rows, scale)))).toEqual(
        FIVE_BY_SEVEN.map((_, digit) => `The image shows the digit ${digit}, black on white.`),
      )
  })

  it('reads every digit of the 3 by 5 font', () => {
    expect(THREE_BY_FIVE.map((rows) => shown(digitPng(rows, 8)))).toEqual(
      THREE_BY_FIVE.map((_, digit) => `The image shows the digit ${digit}, black on white.`),
    )
  })

  it('names the colours of what it cannot read', () => {
    const half = rgbPng(40, 40, (x) => (x < 25 ? WHITE : RED))
    expect(shown(half)).toBe('The image shows red on white.')
  })

  it('sees transparent parts as white', () => {
    const rows = Buffer.concat(
      Array.from({ length: 4 }, () => Buffer.from([0, ...Array(4).fill([255, 0, 0, 0]).flat()])),
    )
    expect(shown(png({ width: 4, height: 4, colourType: 6, rows }))).toBe('The image is white.')
  })

  it('reads palettes and greys', () => {
    const rows = Buffer.concat(Array.from({ length: 2 }, () => Buffer.from([0, 1, 1])))
    const palette = Buffer.from([0, 0, 0, 30, 40, 220])
    expect(shown(png({ width: 2, height: 2, colourType: 3, rows, palette }))).toBe('The image is blue.')
    expect(shown(png({ width: 2, height: 2, colourType: 0, rows }))).toBe('The image is black.')
  })

  it.each([1, 2, 3, 4])('undoes row filter %i', (filter) => {
    const rows = Buffer.concat(
      Array.from({ length: 3 }, (_, y) => filtered(filter, y === 0 ? [0, 0, 0] : [220, 30, 30])),
    )
    const picture = decodePng(png({ width: 3, height: 3, colourType: 2, rows }))
    expect([...(picture?.rgb ?? [])]).toEqual(Array(9).fill([220, 30, 30]).flat())

    /** A red row as each filter would store it below a row of `above`. */
    function filtered(kind: number, above: readonly number[]): Buffer {
      const samples = [0, 1, 2].flatMap((x) =>
        [220, 30, 30].map((value, channel) => {
          const left = x === 0 ? 0 : value
          const up = above[channel] ?? 0
          const corner = x === 0 ? 0 : up
          return (value - guess(kind, { left, up, corner })) & 255
        }),
      )
      return Buffer.from([kind, ...samples])
    }
    function guess(kind: number, { left, up, corner }: { left: number; up: number; corner: number }): number {
      if (kind === 1) return left
      if (kind === 2) return up
      if (kind === 3) return (left + up) >> 1
      const estimate = left + up - corner
      return [left, up, corner].sort((a, b) => Math.abs(estimate - a) - Math.abs(estimate - b))[0] ?? 0
    }
  })

  it.each([
    ['16 bits', png({ width: 1, height: 1, colourType: 2, bitDepth: 16, rows: Buffer.alloc(7) })],
    ['interlacing', png({ width: 1, height: 1, colourType: 2, interlace: 1, rows: Buffer.alloc(4) })],
    ['too few rows', png({ width: 9, height: 9, colourType: 2, rows: Buffer.alloc(4) })],
    [
      'more pixels than a canary has',
      png({ width: 5000, height: 5000, colourType: 2, rows: Buffer.alloc(4) }),
    ],
    ['no pixels', png({ width: 0, height: 0, colourType: 2, rows: Buffer.alloc(0) })],
    ['a JPEG', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
  ])('does not read %s', (_, bytes) => {
    expect(decodePng(bytes)).toBeNull()
  })

  it('survives any bytes and any cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decodePng(Buffer.from(bytes))
      }),
    )
    const whole = plainPng(BLACK, 8)
    for (let length = 0; length < whole.length; length++) decodePng(whole.subarray(0, length))
  })
})
