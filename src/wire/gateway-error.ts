/**
 * The text of an error of the gateway itself, which is a bare string; a provider's error is an object
 * (contract, HTTP 2.1). Null when the body is not of that form.
 */
export function gatewayErrorText(body: unknown): string | null {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : null
  return typeof error === 'string' ? error : null
}
