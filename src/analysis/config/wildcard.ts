/**
 * A test for an `excluded-models` pattern: case ignored, `*` stands for any run of characters, the whole id must fit
 * (contract, files 1.7).
 */
export function patternMatcher(pattern: string): (id: string) => boolean {
  const parts = pattern.trim().toLowerCase().split('*')
  const [head = '', ...others] = parts
  const tail = others.pop()
  if (tail === undefined) return (id) => id.trim().toLowerCase() === head
  return (id) => {
    const text = id.trim().toLowerCase()
    if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail))
      return false
    return inOrder(text.slice(head.length, text.length - tail.length), others)
  }
}

function inOrder(text: string, parts: readonly string[]): boolean {
  let from = 0
  for (const part of parts) {
    const found = text.indexOf(part, from)
    if (found < 0) return false
    from = found + part.length
  }
  return true
}
