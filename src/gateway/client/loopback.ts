/** Whether a host name of a URL means this machine; a URL writes every address in one way only, as `[::1]` or `127.0.0.1`. */
export function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost\.?|127(?:\.\d+){3}|\[::1\]|\[::ffff:7f[\da-f]{2}:[\da-f]+\])$/.test(hostname)
}
