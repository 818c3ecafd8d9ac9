import { shellWord } from '../core/text.ts'
import type { Invocation } from './invocation.ts'

/** What the person in front of the terminal said, or that there is none. */
export type Consent = 'given' | 'refused' | 'nobody'

/** Asks for a yes on the terminal, after showing `text`; `--yes` answers in advance and shows nothing. */
export async function askConsent(
  { world, flags, redactor }: Invocation,
  { text, question }: { readonly text: string; readonly question: string },
): Promise<Consent> {
  if (flags.has('yes')) return 'given'
  if (world.stdin.isTTY !== true || world.stderr.isTTY !== true) return 'nobody'
  world.stderr.write(redactor.apply(`${text.trimEnd()}\n\n${question} [y/N] `))
  const answer = await Promise.race([lineFrom(world.stdin), aborted(world.interrupted)])
  world.stdin.destroy?.()
  return /^y(es)?$/i.test(answer.trim()) ? 'given' : 'refused'
}

async function lineFrom(input: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of input) {
    text += Buffer.from(chunk).toString('utf8')
    if (text.includes('\n')) break
  }
  return text.split('\n', 1)[0] ?? ''
}

function aborted(signal: AbortSignal): Promise<string> {
  if (signal.aborted) return Promise.resolve('')
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(''), { once: true }))
}

/** This very command line with `--yes`, as it can be pasted into a shell. */
export function confirmingCommand({ world }: Invocation): string {
  return ['provops', ...world.argv, '--yes'].map(shellWord).join(' ')
}
