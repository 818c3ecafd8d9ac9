/**
 * Whose rules a `config.yaml` is read by: `upstream` is CLIProxyAPI v7.2.140, `fork` the head of
 * cliproxyapi-plusplus, `fork-old` its last release line, v6.9.3 (contract, files, head of the page).
 */
export const FLAVOURS = ['upstream', 'fork', 'fork-old'] as const

export type Flavour = (typeof FLAVOURS)[number]

/** How the gateway of each flavour is called in a message. */
export const FLAVOUR_NAMES: Readonly<Record<Flavour, string>> = {
  upstream: 'CLIProxyAPI',
  fork: 'cliproxyapi++',
  'fork-old': 'cliproxyapi++ v6.9',
}
