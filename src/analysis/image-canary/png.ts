import { deflateSync } from 'node:zlib'

export type Rgb = readonly [red: number, green: number, blue: number]

/**
 * An 8-bit RGB PNG, not compressed: its base64 is then long (4 bytes per pixel), so that a gateway which sends it as
 * text shows it in the input tokens, while as an image it costs what any small image costs.
 */
export function rgbPng(size: number, colourAt: (x: number, y: number) => Rgb): Buffer {
  const row = (y: number) => [0, ...Array.from({ length: size }, (_, x) => colourAt(x, y)).flat()]
  const rows = Buffer.from(Array.from({ length: size }, (_, y) => row(y)).flat())
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 0 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, content: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const out = Buffer.alloc(typed.length + 8)
  out.writeUInt32BE(content.length, 0)
  typed.copy(out, 4)
  out.writeUInt32BE(crc32(typed), typed.length + 4)
  return out
}

const POLYNOMIAL = 0xedb88320

/** PNG specification, annex D; node's own comes with versions later than the oldest we run on. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}
