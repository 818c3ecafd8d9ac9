import { valueIn } from '../analysis/quota/cells.ts'
import type { QuotaRow } from '../analysis/quota/rows.ts'
import type { QuotaView } from './quota-view.ts'
import { benchWords, fullName, leftWords, tokenWords } from './quota-words.ts'

/** What became of credentials between two views, a sentence each; mere passing of time is no change. */
export function quotaChanges(before: QuotaView, now: QuotaView): string[] {
  const earlier = new Map(before.rows.map((row) => [keyOf(row), row]))
  const gone = new Set(earlier.keys())
  const sentences = now.rows.flatMap((row) => {
    const was = earlier.get(keyOf(row))
    gone.delete(keyOf(row))
    const name = fullName(row, now.names)
    return was === undefined ? [`${name}: new`] : differences(was, row, now).map((text) => `${name}: ${text}`)
  })
  const left = before.rows.filter((row) => gone.has(keyOf(row)))
  return [...sentences, ...left.map((row) => `${fullName(row, before.names)}: gone`)]
}

function keyOf({ provider, kind, name }: QuotaRow): string {
  return JSON.stringify([provider, kind, name])
}

function differences(was: QuotaRow, now: QuotaRow, { facts }: QuotaView): string[] {
  const texts: string[] = []
  if (benchState(was) !== benchState(now)) texts.push(`benched ${benchWords(now, facts.nowMs)}`)
  if (hasLeft(was) !== hasLeft(now)) texts.push(`quota left ${leftWords(now.left, facts.nowMs)}`)
  if (tokenState(was) !== tokenState(now)) texts.push(`token ${tokenWords(now.token, facts.nowMs)}`)
  return texts
}

function benchState({ bench, disabled }: QuotaRow): string {
  const value = valueIn(bench)
  return disabled ? 'off' : `${bench.kind} ${value?.scope} ${value?.cause}`
}

function hasLeft({ left }: QuotaRow): string {
  return left.kind === 'known' ? String(left.value.remaining > 0) : left.kind
}

function tokenState({ token }: QuotaRow): string {
  return token.kind === 'known' ? `${token.value.state.kind} ${token.value.copyOf !== null}` : token.kind
}
