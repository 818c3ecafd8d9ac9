/** The code of an error, such as `ENOENT` or `Z_DATA_ERROR`; null of one that has none, and of anything else. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}
