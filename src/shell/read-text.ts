/** The text of a file; rejects with the system's error. What reads it is loaded when there is one to read. */
export async function readText(path: string): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  return readFile(path, 'utf8')
}
