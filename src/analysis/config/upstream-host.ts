import type { Credential } from './offers.ts'

/**
 * Hosts that resell the models of many vendors. The runbook wants one of them as a fallback, and none as the primary of
 * latency-critical traffic (runbook, Recommended Production Pattern 1 and 2).
 */
const AGGREGATOR_HOSTS = [
  'openrouter.ai',
  'api.together.xyz',
  'api.together.ai',
  'api.fireworks.ai',
  'api.novita.ai',
  'api.siliconflow.cn',
  'api.siliconflow.com',
  'aihubmix.com',
  'router.requesty.ai',
  'api.portkey.ai',
  'zenmux.ai',
  'ai-gateway.vercel.sh',
  'gateway.ai.cloudflare.com',
  'router.huggingface.co',
  'opencode.ai',
  'nano-gpt.com',
  'api.kilo.ai',
  'api.poe.com',
  'api.deepinfra.com',
]

/** What stands for the provider behind a credential: its host, or the gateway's name where the vendor's own is used. */
export function upstreamOf(credential: Credential): string {
  if (credential.kind === 'oauth') return credential.providerKey
  return hostOf(credential.entry.baseUrl) ?? credential.providerKey
}

export function isAggregator(credential: Credential): boolean {
  const host = credential.kind === 'config' ? hostOf(credential.entry.baseUrl) : null
  return host !== null && AGGREGATOR_HOSTS.some((known) => host === known || host.endsWith(`.${known}`))
}

/** Host and port, lower-cased; without user info. Null when there is no readable address. */
function hostOf(baseUrl: string): string | null {
  return /^[a-z][a-z\d+.-]*:\/\/(?:[^/?#@]*@)?([^/?#]+)/i.exec(baseUrl)?.[1]?.toLowerCase() ?? null
}
