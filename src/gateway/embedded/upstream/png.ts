import { inflateSync } from 'node:zlib'

export interface Picture {
  readonly width: number
  readonly height: number
  /** Red, green, blue per pixel, row by row; transparent parts are shown on white. */
  readonly rgb: Uint8Array
}

/** Larger pictures are not decoded: a canary is small, and nobody should be able to make the simulation work hard. */
const MAX_PIXELS = 262_144

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const CHANNELS = new Map([
  [0, 1],
  [2, 3],
  [3, 1],
  [4, 2],
  [6, 4],
])

/**
 * Decodes an 8-bit, not interlaced PNG of any colour type; `null` for everything else. Checksums are not verified,
 * as the picture only ever comes from a test or a canary.
 */
export function decodePng(bytes: Buffer): Picture | null {
  const chunks = readChunks(bytes)
  const header = chunks?.header
  if (!chunks || !header || header.length < 13) return null
  const width = header.readUInt32BE(0)
  const height = header.readUInt32BE(4)
  const colourType = header.readUInt8(9)
  const channels = CHANNELS.get(colourType)
  const plain = header.readUInt8(8) === 8 && header.readUInt8(12) === 0
  if (!channels || !plain || width * height === 0 || width * height > MAX_PIXELS) return null
  const rows = inflate(chunks.data, (width * channels + 1) * height)
  if (!rows) return null
  const samples = unfilter(rows, width * channels, height, channels)
  return { width, height, rgb: toRgb(samples, colourType, channels, chunks.palette) }
}

interface Chunks {
  readonly header: Buffer | null
  readonly palette: Buffer
  readonly data: Buffer
}

function readChunks(bytes: Buffer): Chunks | null {
  if (!bytes.subarray(0, 8).equals(SIGNATURE)) return null
  let header: Buffer | null = null
  let palette: Buffer = Buffer.alloc(0)
  const data: Buffer[] = []
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    const type = bytes.toString('latin1', at + 4, at + 8)
    const content = bytes.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR') header = content
    else if (type === 'PLTE') palette = content
    else if (type === 'IDAT') data.push(content)
    at += 12 + length
  }
  return { header, palette, data: Buffer.concat(data) }
}

function inflate(data: Buffer, sizeBytes: number): Buffer | null {
  try {
    const rows = inflateSync(data, { maxOutputLength: sizeBytes })
    return rows.length === sizeBytes ? rows : null
  } catch {
    return null
  }
}

/** Undoes the five row filters of the PNG specification (section 9). */
function unfilter(rows: Buffer, stride: number, height: number, pixelBytes: number): Uint8Array {
  const out = new Uint8Array(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (stride + 1)] ?? 0
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x
      const left = x >= pixelBytes ? (out[at - pixelBytes] ?? 0) : 0
      const up = y > 0 ? (out[at - stride] ?? 0) : 0
      const corner = x >= pixelBytes && y > 0 ? (out[at - stride - pixelBytes] ?? 0) : 0
      out[at] = (rows[y * (stride + 1) + 1 + x] ?? 0) + predict(filter, left, up, corner)
    }
  }
  return out
}

function predict(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 1:
      return left
    case 2:
      return up
    case 3:
      return (left + up) >> 1
    case 4:
      return paeth(left, up, corner)
    default:
      return 0
  }
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner
  const toLeft = Math.abs(estimate - left)
  const toUp = Math.abs(estimate - up)
  const toCorner = Math.abs(estimate - corner)
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}

function toRgb(samples: Uint8Array, colourType: number, channels: number, palette: Buffer): Uint8Array {
  const pixels = samples.length / channels
  const rgb = new Uint8Array(pixels * 3)
  for (let pixel = 0; pixel < pixels; pixel++) {
    const sample = (channel: number) => samples[pixel * channels + channel] ?? 0
    const alpha = colourType === 4 ? sample(1) : colourType === 6 ? sample(3) : 255
    for (let channel = 0; channel < 3; channel++) {
      const value =
        colourType === 3 ? (palette[sample(0) * 3 + channel] ?? 0) : sample(channels < 3 ? 0 : channel)
      rgb[pixel * 3 + channel] = Math.round((value * alpha + 255 * (255 - alpha)) / 255)
    }
  }
  return rgb
}
