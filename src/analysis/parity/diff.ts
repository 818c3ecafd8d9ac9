import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import type { TokenCount, Usage } from '../../wire/usage.ts'

/**
 * The runbook's `diff -u` of the two usages: three fields each, sorted and printed as `jq -S` does, where a missing
 * field is `null`. `''` when the two texts are the same, which is not yet a pass: both may be empty.
 */
export function usageDiff(plain: Usage, stream: Usage): string {
  const [before, after] = [usageText(plain), usageText(stream)]
  if (before === after) return ''
  return createTwoFilesPatch('non-stream', 'stream', before, after, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  })
}

/** A usage as the runbook's `jq` filter prints it, ending in a newline. */
export function usageText({ input, output, total }: Usage): string {
  const fields = {
    input_tokens: printed(input),
    output_tokens: printed(output),
    total_tokens: printed(total),
  }
  return `${JSON.stringify(fields, null, 2)}\n`
}

function printed(count: TokenCount): number | string | null {
  if (count.kind === 'number') return count.value
  return count.kind === 'invalid' ? count.seen : null
}
