import { expect, test } from 'vitest'
import { stallCauses } from '../../src/changes/stall.ts'

const TEXT = 'port: 8317\nremote-management:\n  secret-key: plain\n'
const NORMALISED = 'remote-management:\n    secret-key: $2a$10$hash\nport: 8317\n'
const CHANGED = '[2026-11-23 00:27:38] [--------] [info ] config file changed, reloading: /x/config.yaml'
const FAILED = '[2026-11-23 00:27:38] [--------] [error] failed to reload config: yaml: line 3'
const OTHER_LINE = '[2026-11-23 00:27:38] [1a2b3c4d] [info ] 200 | 8ms | 127.0.0.1 | GET "/v1/models"'

const standings = (...clues: Parameters<typeof stallCauses>) =>
  Object.fromEntries(stallCauses(...clues).map(({ id, standing }) => [id, standing]))

test('without clues each cause is possible', () => {
  const all = { 'invalid-yaml': 'possible', 'lost-watch': 'possible', 'wrong-file': 'possible' }
  expect(standings(TEXT, null)).toEqual(all)
  expect(standings(TEXT, { servedText: null, logLines: null })).toEqual(all)
})

test('a refused reload in the log proves an invalid text', () => {
  expect(standings(TEXT, { servedText: TEXT, logLines: [CHANGED, FAILED] })).toEqual({
    'invalid-yaml': 'seen',
    'lost-watch': 'ruled-out',
    'wrong-file': 'ruled-out',
  })
})

test('the right file and a log that says nothing prove a lost watch', () => {
  const proof = { 'invalid-yaml': 'ruled-out', 'lost-watch': 'seen', 'wrong-file': 'ruled-out' }
  expect(standings(TEXT, { servedText: TEXT, logLines: [OTHER_LINE] })).toEqual(proof)
  expect(standings(TEXT, { servedText: NORMALISED, logLines: [] })).toEqual(proof)
})

test('another text behind the gateway proves a wrong file', () => {
  expect(standings(TEXT, { servedText: 'port: 1\n', logLines: null })).toEqual({
    'invalid-yaml': 'possible',
    'lost-watch': 'ruled-out',
    'wrong-file': 'seen',
  })
})

test('a reload that went well rules out all three', () => {
  expect(stallCauses(TEXT, { servedText: TEXT, logLines: [CHANGED] }).map((cause) => cause.standing)).toEqual(
    ['ruled-out', 'ruled-out', 'ruled-out'],
  )
})

test('a cause with evidence comes first', () => {
  expect(stallCauses(TEXT, { servedText: 'port: 1\n', logLines: [] })[0]).toEqual({
    id: 'wrong-file',
    standing: 'seen',
  })
})
