import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTokenText, type TokenCredential } from '../../../src/analysis/tokens/token-file.ts'

const FIXTURES = join(import.meta.dirname, '../../../fixtures/auth-dir')

function fixture(name: string): TokenCredential {
  const reading = readTokenText(readFileSync(join(FIXTURES, name), 'utf8'))
  if (reading.kind !== 'credential') throw new Error(`${name}: ${reading.kind}`)
  return reading.credential
}

describe('a token file', () => {
  it('tells type, owner, plan and times', () => {
    expect(fixture('codex-1a2b3c4d-bob@example.com-team.json')).toMatchObject({
      type: 'codex',
      email: 'bob@example.com',
      plan: 'team',
      disabled: false,
      renewable: true,
      expiresMs: Date.UTC(2026, 11, 2, 12),
      refreshedMs: Date.UTC(2026, 10, 22, 12),
      refreshEveryMs: null,
    })
  })

  it.each([
    ['kiro-aws-0123456789.json', false],
    ['iflow-ivan@example.com-1795000000.json', true],
    ['karl@example.com-fixture-project.json', true],
    ['vertex-fixture-project.json', false],
    ['roo-quentin@example.com.json', null],
    ['minimax-peggy@example.com.json', true],
  ])('of %s holds what a renewal needs: %s', (name, renewable) => {
    expect(fixture(name).renewable).toBe(renewable)
  })

  it('keeps its own interval between renewals', () => {
    expect(fixture('gitlab-17.json').refreshEveryMs).toBe(240_000)
  })

  it('may spell its fields with dashes', () => {
    const text = '{"type":"Codex","refresh-token":"r","refresh-interval-seconds":"60","disabled":false}'
    expect(readTokenText(text)).toMatchObject({
      credential: { type: 'codex', renewable: true, refreshEveryMs: 60_000 },
    })
  })

  it.each([
    ['', 'unreadable', 'empty'],
    [' \n', 'unreadable', 'empty'],
    ['{"type":"codex","acc', 'unreadable', 'broken'],
    ['[]', 'skipped', 'not-an-object'],
    ['null', 'skipped', 'not-an-object'],
    ['{}', 'skipped', 'no-type'],
    ['{"type":3}', 'skipped', 'no-type'],
    ['{"type":" "}', 'skipped', 'no-type'],
  ])('that reads %j is %s: %s', (text, kind, reason) => {
    expect(readTokenText(text)).toEqual({ kind, reason })
  })

  it('is read with a byte order mark in front', () => {
    expect(readTokenText('\uFEFF{"type":"claude"}').kind).toBe('credential')
  })

  it('is broken at whatever place it is cut', () => {
    const whole = readFileSync(join(FIXTURES, 'claude-alice@example.com.json'), 'utf8')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: whole.length - 1 }), (length) => {
        expect(readTokenText(whole.slice(0, length)).kind).toBe('unreadable')
      }),
    )
  })

  it('of any JSON is read without an exception', () => {
    const fields = fc.dictionary(
      fc.constantFrom('type', 'email', 'expired', 'token', 'id_token', 'refresh_token', 'disabled', 'x'),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(fc.oneof(fields, fc.jsonValue()), (json) => void readTokenText(JSON.stringify(json))),
    )
  })

  it('leaves no secret in what is read of it', () => {
    const names = readdirSync(FIXTURES).filter((name) => name.toLowerCase().endsWith('.json'))
    expect(names.length).toBeGreaterThan(20)
    for (const name of names) {
      const read = JSON.stringify(readTokenText(readFileSync(join(FIXTURES, name), 'utf8')))
      expect(read).not.toContain('fake-secret')
    }
  })
})
