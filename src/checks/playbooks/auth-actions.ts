/** Who said 401 or 403, or why nobody can be asked any more. */
export type AuthSource =
  | 'safe-mode'
  | 'own-key'
  | 'client-key'
  | 'management'
  | 'credential'
  | 'forbidden'
  | 'account'
  | 'edge'
  | 'region'
  | 'policy'
  | 'money'

/** One action per source, so that nobody logs in again because a page stood in the way. */
export const AUTH_ACTIONS: {
  readonly [Source in AuthSource]: { readonly means: string; readonly next: string }
} = {
  'safe-mode': {
    means: 'no client is served until the sample key is gone; no provider has refused anything',
    next: 'replace your-api-key-1, -2 and -3 in api-keys of config.yaml; it is reloaded at once',
  },
  'own-key': {
    means: 'nothing behind the door can be judged with this key',
    next: 'give provops a key of api-keys: PROVOPS_API_KEY or --api-key-file',
  },
  'client-key': {
    means:
      'a client calls with a key that is not in api-keys; no provider has refused anything, no new login helps',
    next: 'find the client by its address in the access log, and compare its key with api-keys in config.yaml',
  },
  management: {
    means:
      'somebody asks the management routes with a wrong key; five refusals ban the address for 30 minutes, and then the right key is refused as well',
    next: 'put the right management key into the panel or monitor that asks, then wait for the end of the ban or restart the gateway; clients are not affected',
  },
  credential: {
    means: 'the provider does not take the credential of the gateway',
    next: 'log in again, or put a valid key in place, for this provider only; never retry a refresh token that was reused',
  },
  forbidden: {
    means: 'the provider answers 403, and nothing here tells its words: credential, region, edge or policy',
    next: 'look at the newest error log of this model, or ask it once with provops parity-check, before anybody logs in again',
  },
  account: {
    means: 'the account behind the credential is blocked, or not entitled',
    next: "the account's owner has to act at the provider; a new login does not help",
  },
  edge: {
    means: 'a page of something in between refuses the address the gateway calls from, not the credential',
    next: 'give the provider a proxy-url with another way out; a new login does not help',
  },
  region: {
    means: 'the provider refuses the country the gateway calls from',
    next: 'give the provider a proxy-url in another country; a new login does not help',
  },
  policy: {
    means: 'the provider refuses what the prompt asks for',
    next: 'try a neutral prompt on the same credential before anything is changed',
  },
  money: {
    means: 'the account has to pay before it may go on',
    next: 'settle the bill of the account; a new login does not help',
  },
}
