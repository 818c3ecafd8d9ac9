import type { Invocation } from './invocation.ts'
import type { Session } from './session.ts'

/**
 * Ends what waits or watches: Ctrl-C, or a deadline that was given. The default one is meant for commands that only ask.
 */
export function runSignal({ world, settings }: Invocation): AbortSignal {
  if (settings.origins.deadline === 'default') return world.interrupted
  const over = new AbortController()
  world.clock.sleep(settings.values.deadline, world.interrupted).then(
    () => over.abort('deadline'),
    () => {},
  )
  return AbortSignal.any([over.signal, world.interrupted])
}

/** What `provops undo` needs besides the run to reach the same gateway. */
export function undoOptions({ settings }: Invocation, { gateway, embedded }: Session): readonly string[] {
  if (embedded !== null || settings.origins.gateway === 'default') return []
  return ['-g', settings.gatewayName ?? gateway.url]
}

/** `onboard-20261123-120000-7f3a`: says what and when, and does not repeat. */
export function newRunId(what: string, { clock, random }: Invocation['world']): string {
  const stamp = new Date(clock.nowMs()).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  const rest = Math.floor(random() * 0x10000)
    .toString(16)
    .padStart(4, '0')
  return `${what}-${stamp}-${rest}`
}
