import fc from 'fast-check'
import { expect, it } from 'vitest'
import { GO_DURATION } from '../../../src/analysis/logs/go-duration.ts'
import { readUpstreamFailure } from '../../../src/analysis/logs/upstream-failure.ts'

/** The contract's expression for the same texts (files 4.7, `UPFAIL`). */
const UPSTREAM_FAILURE = new RegExp(
  `^(?: *([1-5]\\d{2}) *\\| *${GO_DURATION} *\\| *)?upstream execution failed: provider=(\\S*) model=(.*?) auth=(.*?)(?: duration=${GO_DURATION})? err=(.*)$`,
  's',
)

function byExpression(text: string) {
  const found = UPSTREAM_FAILURE.exec(text)
  if (found === null) return null
  const [, status, provider = '', model, credential, error] = found
  return {
    kind: 'upstream-failure',
    provider: provider.replace(/^openai-compatible-/, ''),
    model,
    credential,
    status: status === undefined ? null : Number(status),
    error,
  }
}

it('reads a failure that names the status before its text', () => {
  const text =
    '401 |           6ms | upstream execution failed: provider=openai-compatible-team model=glm auth=provider=x auth_file=a b.json duration=1m2s err={"a": 1}\n x'
  expect(readUpstreamFailure(text)).toEqual({
    kind: 'upstream-failure',
    provider: 'team',
    model: 'glm',
    credential: 'provider=x auth_file=a b.json',
    status: 401,
    error: '{"a": 1}\n x',
  })
})

it('takes the same texts as the expression of the contract, and reads the same in them', () => {
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(' model=', ' auth=', ' err=', ' duration=', 'provider=') },
    fc.constantFrom('1ms', '1m32s', '1.5s', '87.542µs', '12', 'soon', 'codex', 'openai-compatible-x', 'a b'),
    fc.constantFrom('', ' ', '\n', '\u00a0', '\r', '|', 'upstream execution failed: provider='),
  )
  const pieces = fc.array(piece, { maxLength: 8 }).map((all) => all.join(''))
  const beginning = fc.constantFrom(
    'upstream execution failed: provider=',
    '401 |           6ms | upstream execution failed: provider=',
    ' 503|1m2.5s|upstream execution failed: provider=',
    '429 | soon | upstream execution failed: provider=',
    '699 | 6ms | upstream execution failed: provider=',
    ' upstream execution failed: provider=',
    'upstream execution failed: ',
    '',
  )
  const text = fc
    .tuple(beginning, pieces, pieces, pieces, fc.constantFrom(' duration=723ms', ' duration=x', ''), pieces)
    .map(
      ([start, provider, model, credential, duration, error]) =>
        `${start}${provider} model=${model} auth=${credential}${duration} err=${error}`,
    )
  const anyText = fc.tuple(beginning, pieces).map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.oneof(text, anyText), (message) => {
      expect(readUpstreamFailure(message)).toEqual(byExpression(message))
    }),
    { numRuns: 5000 },
  )
})
