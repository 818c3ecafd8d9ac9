import type { Catalogue } from '../../analysis/config/offers.ts'
import type { Channel } from './scenario.ts'

/**
 * Ids that a gateway has built in, for credentials whose entry lists none. The real catalogues are longer and change
 * every few hours; these are the ones that operators ask for.
 */
const BUILT_IN: Catalogue = {
  claude: [
    'claude-haiku-4-5-20251001',
    'claude-opus-4-5-20251101',
    'claude-sonnet-4-5-20250929',
    'claude-sonnet-4-6',
  ],
  codex: ['gpt-5.1-codex', 'gpt-5.2', 'gpt-5.3-codex', 'gpt-5.3-codex-spark', 'gpt-5.4'],
  gemini: ['gemini-2.5-flash', 'gemini-2.5-pro', 'gemini-3-flash', 'gemini-3-pro-preview'],
  vertex: ['gemini-2.5-flash', 'gemini-2.5-pro'],
  xai: ['grok-4', 'grok-code-fast-1'],
}

/** The scenario's catalogue of a channel wins over the built-in one. */
export function catalogueWith(channels: Readonly<Record<string, Channel>>): Catalogue {
  const own = Object.entries(channels).map(([channel, { models }]) => [channel, models] as const)
  return { ...BUILT_IN, ...Object.fromEntries(own) }
}
