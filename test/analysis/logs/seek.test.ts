import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { seekSince } from '../../../src/analysis/logs/seek.ts'
import { access, clockOf, failure, lines, plain, repeat, START_MS, scan } from './support.ts'

/** Four hours, 2.5 MB, with failures and continued lines. */
const LOG = Buffer.from(
  lines(
    ...repeat(20_000, (index) => {
      const second = Math.floor(index * 0.72)
      const id = index.toString(16).padStart(8, '0')
      const answer = access({ second, id, status: index % 50 === 0 ? 429 : 200 })
      return index % 50 === 0 ? [failure(second, id, '{'), '  "code": 429', '}', answer] : [answer]
    }).flat(),
  ),
)

function reading(bytes: Buffer) {
  const asked: number[] = []
  const readAt = async (offset: number, length: number) => {
    asked.push(length)
    return bytes.subarray(offset, offset + length)
  }
  return { asked, readAt }
}

async function sameAsWhole(bytes: Buffer, sinceMs: number, zone = 'UTC') {
  const clock = clockOf(zone)
  const start = await seekSince(reading(bytes).readAt, bytes.length, sinceMs, clock)
  const [fromThere, whole] = [
    plain(await scan(bytes.subarray(start), { sinceMs, clock })),
    plain(await scan(bytes, { sinceMs, clock })),
  ]
  expect({ ...fromThere, parts: [] }).toEqual({ ...whole, parts: [] })
  return start
}

describe('looking for the beginning of a period', () => {
  it('finds a place from which the scan says the same as from the start', async () => {
    for (const second of [-10, 0, 300, 4000, 7777, 12_000, 14_000, 14_399, 20_000]) {
      await sameAsWhole(LOG, START_MS + second * 1000)
    }
  })

  it('reads little of the log and leaves little to read', async () => {
    const { asked, readAt } = reading(LOG)
    const start = await seekSince(readAt, LOG.length, START_MS + 14_000_000, clockOf('UTC'))
    expect(start).toBeGreaterThan(LOG.length * 0.9)
    expect(asked.length).toBeLessThan(10)
  })

  it('is not misled by a forged line with an old time', async () => {
    const bytes = Buffer.from(LOG)
    const middle = bytes.indexOf('\n', bytes.length / 2) + 1
    bytes.write(access({ second: -80_000_000 }), middle)
    await sameAsWhole(bytes, START_MS + 3_600_000)
  })

  it('starts early enough in the night when clocks go back', async () => {
    const zone = 'Europe/Berlin'
    const from = Date.parse('2026-10-24T22:00:00Z')
    const log = repeat(30_000, (index) => {
      const local = new Date(
        from + index * 600 + (from + index * 600 < Date.parse('2026-10-25T01:00:00Z') ? 2 : 1) * 3_600_000,
      )
      return access({ id: index.toString(16).padStart(8, '0') }).replace(
        /^\[[^\]]+/,
        `[${local.toISOString().slice(0, 19).replace('T', ' ')}`,
      )
    })
    for (const minutes of [0, 150, 175, 185, 210, 239, 245, 290]) {
      await sameAsWhole(Buffer.from(lines(...log)), from + minutes * 60_000, zone)
    }
  })

  it('starts at the beginning of a log without any time', async () => {
    const bytes = Buffer.alloc(1_000_000, 'hello world\n')
    expect(await seekSince(reading(bytes).readAt, bytes.length, START_MS, clockOf('UTC'))).toBe(0)
  })
})
