import type { Session } from './session.ts'

/**
 * Says what a file of the embedded gateway is instead of where it lies: its directory is gone when the run ends, and a
 * ticket outlives it. Texts about a live gateway stay as they are.
 */
export function withoutTemporaryPaths(text: string, { embedded }: Pick<Session, 'embedded'>): string {
  if (embedded === null) return text
  return text
    .replaceAll(embedded.logDir, 'log of the embedded gateway')
    .replaceAll(embedded.authDir, 'token files of the embedded gateway')
    .replaceAll(embedded.configFile, 'config.yaml of the embedded gateway')
}
