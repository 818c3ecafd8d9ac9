import { describe, expect, it } from 'vitest'
import { createBans } from '../../../src/gateway/embedded/ban.ts'

const MINUTE_MS = 60_000

describe('the ban of an address', () => {
  it('comes with the fifth failure and lasts 30 minutes', () => {
    const bans = createBans()
    for (let i = 0; i < 4; i++) bans.failed('a', 0)
    expect(bans.remaining('a', 0)).toBeNull()
    bans.failed('a', 0)
    expect(bans.remaining('a', 0)).toBe('30m0s')
    expect(bans.remaining('a', 29 * MINUTE_MS + 1)).toBe('59s')
    expect(bans.remaining('a', 30 * MINUTE_MS)).toBeNull()
  })

  it('starts counting anew after a right key, and after it has run out', () => {
    const bans = createBans()
    for (let i = 0; i < 4; i++) bans.failed('a', 0)
    bans.succeeded('a')
    for (let i = 0; i < 4; i++) bans.failed('a', 0)
    expect(bans.remaining('a', 0)).toBeNull()
  })

  it('hits one address and not the others', () => {
    const bans = createBans()
    for (let i = 0; i < 5; i++) bans.failed('a', 0)
    expect(bans.remaining('b', 0)).toBeNull()
  })

  it('forgets the oldest of very many addresses, so that a made-up header cannot fill the memory', () => {
    const bans = createBans()
    for (let i = 0; i < 4; i++) bans.failed('first', 0)
    for (let i = 0; i < 10_000; i++) bans.failed(`10.0.${i >> 8}.${i & 255}`, 0)
    bans.failed('first', 0)
    expect(bans.remaining('first', 0)).toBeNull()
  })
})
