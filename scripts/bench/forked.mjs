import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Starts a server of this directory in a process of its own; it sends its port when it listens. */
export async function forked(file, args = []) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args)
  const [port] = await once(child, 'message')
  return { port, stop: () => child.disconnect() }
}
