import { deflateSync } from 'node:zlib'

type Rgb = readonly [number, number, number]

export const RED: Rgb = [220, 30, 30]
export const WHITE: Rgb = [255, 255, 255]
export const BLACK: Rgb = [0, 0, 0]

/** An 8-bit RGB PNG, each pixel's colour asked for. */
export function rgbPng(width: number, height: number, colourAt: (x: number, y: number) => Rgb): Buffer {
  const rows = Array.from({ length: height }, (_, y) =>
    Buffer.from([0, ...Array.from({ length: width }, (_, x) => colourAt(x, y)).flat()]),
  )
  return png({ width, height, colourType: 2, rows: Buffer.concat(rows) })
}

export const plainPng = (colour: Rgb, size = 64): Buffer => rgbPng(size, size, () => colour)

/** A digit in the 5 by 7 dot font, black on white, `scale` pixels per dot, with a border of two dots. */
export function digitPng(rows: string, scale = 6): Buffer {
  const dots = rows.split(' ')
  const width = ((dots[0]?.length ?? 0) + 4) * scale
  const height = (dots.length + 4) * scale
  return rgbPng(width, height, (x, y) => {
    const dot = dots[Math.floor(y / scale) - 2]?.[Math.floor(x / scale) - 2]
    return dot === '1' ? BLACK : WHITE
  })
}

export interface RawPng {
  readonly width: number
  readonly height: number
  readonly colourType: number
  readonly bitDepth?: number
  readonly interlace?: number
  /** Filter byte and samples of each row, not yet compressed. */
  readonly rows: Buffer
  readonly palette?: Buffer
}

export function png({
  width,
  height,
  colourType,
  bitDepth = 8,
  interlace = 0,
  rows,
  palette,
}: RawPng): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([bitDepth, colourType, 0, 0, interlace], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', palette)] : []),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** The checksum stays 0: nobody here verifies it. */
function chunk(type: string, content: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const out = Buffer.alloc(typed.length + 8)
  out.writeUInt32BE(content.length, 0)
  typed.copy(out, 4)
  return out
}

export const dataUrl = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`
