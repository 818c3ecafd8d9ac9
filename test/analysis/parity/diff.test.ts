import { describe, expect, it } from 'vitest'
import { usageDiff, usageText } from '../../../src/analysis/parity/diff.ts'
import { NO_USAGE, readUsage } from '../../../src/wire/usage.ts'

const RESPONSES = readUsage({ input_tokens: 8, output_tokens: 1, total_tokens: 9 })

describe('the diff of two usages', () => {
  it('is what the runbook’s diff -u shows', () => {
    const stream = readUsage({ prompt_tokens: 8, completion_tokens: 3, total_tokens: 11 })
    expect(usageDiff(RESPONSES, stream)).toBe(
      [
        '--- non-stream',
        '+++ stream',
        '@@ -1,5 +1,5 @@',
        ' {',
        '   "input_tokens": 8,',
        '-  "output_tokens": 1,',
        '-  "total_tokens": 9',
        '+  "output_tokens": 3,',
        '+  "total_tokens": 11',
        ' }',
        '',
      ].join('\n'),
    )
  })

  it('is empty for the same counts under either names', () => {
    expect(usageDiff(RESPONSES, readUsage({ prompt_tokens: 8, completion_tokens: 1, total_tokens: 9 }))).toBe(
      '',
    )
  })

  it('is empty for two empty sides, which is why it is not the verdict', () => {
    expect(usageDiff(NO_USAGE, readUsage(null))).toBe('')
  })

  it('shows a missing count as null and nonsense as it came', () => {
    expect(usageText(readUsage({ input_tokens: 8, output_tokens: 'many' }))).toBe(
      '{\n  "input_tokens": 8,\n  "output_tokens": "\\"many\\"",\n  "total_tokens": null\n}\n',
    )
  })
})
