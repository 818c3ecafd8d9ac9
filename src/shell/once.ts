/** Calls `make` at the first call and gives what it made, such as a promise, to every later one. */
export function once<T extends object>(make: () => T): () => T {
  let made: T | null = null
  return () => {
    made ??= make()
    return made
  }
}
