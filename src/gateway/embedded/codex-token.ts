import { objectOf, parseObject, stringOf } from './translation/json.ts'

/** What a Codex id token claims (contract, HTTP 8.6). The signature is not checked: the claims are only shown. */
export interface CodexClaims {
  readonly chatgpt_account_id: string
  readonly plan_type: string
  readonly chatgpt_subscription_active_until?: unknown
}

/** Null when the text is no token or says nothing of an account. */
export function codexClaims(idToken: unknown): CodexClaims | null {
  const payload = stringOf(idToken).split('.')[1]
  if (payload === undefined) return null
  const claims = parseObject(Buffer.from(payload, 'base64url').toString('utf8'))
  const auth = objectOf(claims?.['https://api.openai.com/auth'])
  const [account, plan] = [stringOf(auth.chatgpt_account_id), stringOf(auth.chatgpt_plan_type)]
  if (account === '' && plan === '') return null
  const until = auth.chatgpt_subscription_active_until
  return {
    chatgpt_account_id: account,
    plan_type: plan,
    ...(until === undefined ? {} : { chatgpt_subscription_active_until: until }),
  }
}
