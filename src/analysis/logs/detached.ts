/**
 * A copy of a text that is kept for long. A part of a string holds on to the whole one, so that a name of a few
 * letters could keep a line of 64 KiB alive.
 */
export function detached(text: string): string {
  return Buffer.from(text).toString()
}
