import type { MaskedDiff } from '../changes/diff.ts'
import type { Attachment } from '../core/report.ts'
import type { Invocation } from './invocation.ts'
import type { Session } from './session.ts'

/** What ends all waiting and watching of a run. */
export interface RunEnd {
  readonly signal: AbortSignal
  /** To be called when the run is over: a deadline that goes on ticking would keep the process alive. */
  cancel(): void
}

/** Ctrl-C, or a deadline that was given; the default one is meant for commands that only ask. */
export function startRunEnd({ world, settings }: Invocation): RunEnd {
  if (settings.origins.deadline === 'default') return { signal: world.interrupted, cancel: () => {} }
  const [over, done] = [new AbortController(), new AbortController()]
  world.clock.sleep(settings.values.deadline, done.signal).then(
    () => over.abort('deadline'),
    () => {},
  )
  return { signal: AbortSignal.any([over.signal, world.interrupted]), cancel: () => done.abort() }
}

/** The gateway of this run as `-g` names it, for its undo; null for the default one, and for one that ends with the run. */
export function gatewayForUndo({ settings }: Invocation, { gateway, embedded }: Session): string | null {
  if (embedded !== null || settings.origins.gateway === 'default') return null
  return settings.gatewayName ?? gateway.url
}

/** A diff to be shown with a report; none where there is nothing to show. */
export function diffAttachments(title: string, diff: MaskedDiff): readonly Attachment[] {
  return diff.kind === 'unified' ? [{ kind: 'diff', title, text: diff.text }] : []
}

/** `onboard-20261123-120000-7f3a`: says what and when, and does not repeat. */
export function newRunId(what: string, { clock, random }: Invocation['world']): string {
  const stamp = new Date(clock.nowMs()).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  const rest = Math.floor(random() * 0x10000)
    .toString(16)
    .padStart(4, '0')
  return `${what}-${stamp}-${rest}`
}
