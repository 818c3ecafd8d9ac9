import { printable, span } from '../core/text.ts'
import type { RefusalCause } from '../wire/refusal-rules.ts'
import type { Refusal } from '../wire/refusals.ts'

/** One action per cause, so that nobody logs in again because a quota ran out. */
const CAUSES: { readonly [K in RefusalCause]: { readonly means: string; readonly next: string } } = {
  key: {
    means: 'the gateway does not know this client key',
    next: 'compare the key with api-keys in config.yaml',
  },
  'safe-mode': {
    means: 'a sample key is in api-keys, so every call is refused',
    next: 'replace the sample keys in api-keys of config.yaml',
  },
  ban: {
    means: 'this address is banned from the management routes',
    next: 'wait for the end of the ban, or restart the gateway',
  },
  route: { means: 'this gateway has no such route', next: 'check the path and the version of the gateway' },
  model: { means: 'no credential of this gateway offers the model', next: 'provops incident missing-models' },
  entitlement: {
    means: 'the plan behind the credential does not include the model',
    next: 'provops spark-check, or another credential',
  },
  'client-version': { means: 'the provider wants a newer client version', next: 'update the gateway' },
  cooldown: {
    means: 'the gateway benches every credential of the model for its quota',
    next: 'provops incident rate-limit',
  },
  unavailable: {
    means: 'no credential is usable; the gateway answers by itself',
    next: 'provops quota, then provops incident auth-failures',
  },
  credential: {
    means: "the provider refuses the gateway's credential",
    next: 'provops incident auth-failures',
  },
  account: {
    means: 'the provider has blocked the account or wants something of its owner',
    next: 'provops incident auth-failures',
  },
  quota: { means: 'the quota of the plan is used up', next: 'provops incident rate-limit' },
  rate: { means: 'too many requests for a short limit of the provider', next: 'provops incident rate-limit' },
  capacity: {
    means: 'the provider has no capacity right now',
    next: 'wait, or shift traffic with provops reroute',
  },
  money: { means: 'the account has to pay before it may go on', next: 'settle the bill of the account' },
  region: {
    means: 'the provider refuses the country the gateway calls from',
    next: 'give the provider a proxy-url in another country',
  },
  policy: { means: 'the provider refuses what the prompt asks for', next: 'try a neutral prompt' },
  context: {
    means: 'the prompt is longer than the model can take',
    next: 'shorten the prompt; look for images that were sent as text',
  },
  translation: {
    means: 'the payload was translated into a shape the provider does not take',
    next: 'provops incident tool-result-image',
  },
  request: { means: 'the request itself is not acceptable', next: 'look at the error text' },
  page: {
    means: 'a page of something in front of the provider or the gateway',
    next: 'look for a sign-in page, proxy or CDN on the way',
  },
  stream: {
    means: 'the provider ended its stream without an answer',
    next: 'ask again; when it stays so, provops incident usage-parity',
  },
  upstream: { means: 'the provider failed', next: 'provops incident, or ask again later' },
  unknown: { means: 'a refusal that is not known to provops', next: 'look at the error text' },
}

const WHO = {
  gateway: 'the gateway',
  management: 'the management routes',
  provider: 'the provider',
  edge: 'something in between',
} as const

/** Who refused, how, and until when, as one line. */
export function refusalSaw({ by, status, message, wait }: Refusal): string {
  // A success without content is classified as a refusal; nobody said no in so many words.
  if (status < 300 && message === '') return `an empty answer with ${status}`
  const until = wait === null ? '' : `, for another ${span(wait.delayMs)}`
  const words = message === '' ? '' : `: "${printable(message, 100)}"`
  return `refused by ${WHO[by]} with ${status}${until}${words}`
}

export function refusalMeans({ cause }: Refusal): string {
  return CAUSES[cause].means
}

export function refusalNext({ cause }: Refusal): string {
  return CAUSES[cause].next
}
