const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** How tokens of one type are kept alive. */
export interface TokenKind {
  /**
   * `gateway`: renewed by the gateway's own loop `leadMs` before the expiry. `use`: renewed by whoever uses it, and the
   * file keeps the old expiry. `never`: as it was issued.
   */
  readonly renewal: { readonly by: 'gateway'; readonly leadMs: number } | { readonly by: 'use' | 'never' }
  /** Fields that tell whose login it is, beside the e-mail address. */
  readonly person: readonly string[]
  /** Fields that tell two logins of one person apart, such as a workspace or a project. */
  readonly place: readonly string[]
  /** The gateway's flag that makes a new login; null where there is none. */
  readonly login: string | null
}

const renewed = (leadMs: number): TokenKind['renewal'] => ({ by: 'gateway', leadMs })

/**
 * Every `type` of a token file that a gateway gives a meaning to, with the refresh lead of the versions that renew it
 * (contract, files 3.3 and 3.5). The versions differ in which types they renew, never in the lead.
 */
export const TOKEN_KINDS = {
  codex: { renewal: renewed(5 * DAY_MS), person: [], place: ['account_id'], login: '--codex-login' },
  claude: {
    renewal: renewed(4 * HOUR_MS),
    person: ['account_uuid'],
    place: ['organization_uuid'],
    login: '--claude-login',
  },
  antigravity: {
    renewal: renewed(5 * MINUTE_MS),
    person: [],
    place: ['project_id'],
    login: '--antigravity-login',
  },
  kimi: { renewal: renewed(5 * MINUTE_MS), person: [], place: [], login: '--kimi-login' },
  xai: { renewal: renewed(5 * MINUTE_MS), person: ['sub'], place: [], login: '--xai-login' },
  kiro: { renewal: renewed(20 * MINUTE_MS), person: [], place: ['profile_arn'], login: '--kiro-login' },
  gitlab: { renewal: renewed(5 * MINUTE_MS), person: ['username'], place: [], login: '--gitlab-login' },
  cursor: { renewal: renewed(10 * MINUTE_MS), person: ['sub'], place: [], login: '--cursor-login' },
  codebuddy: { renewal: renewed(24 * HOUR_MS), person: ['user_id'], place: [], login: '--codebuddy-login' },
  qwen: { renewal: renewed(3 * HOUR_MS), person: [], place: [], login: '--qwen-login' },
  iflow: { renewal: renewed(24 * HOUR_MS), person: [], place: [], login: '--iflow-login' },
  gemini: { renewal: { by: 'use' }, person: [], place: ['project_id'], login: '--login' },
  'gemini-cli': { renewal: { by: 'use' }, person: [], place: ['project_id'], login: '--login' },
  'github-copilot': {
    renewal: { by: 'never' },
    person: ['username'],
    place: [],
    login: '--github-copilot-login',
  },
  kilo: { renewal: { by: 'never' }, person: [], place: ['kilocodeOrganizationId'], login: '--kilo-login' },
  vertex: {
    renewal: { by: 'never' },
    person: [],
    place: ['project_id', 'location'],
    login: '--vertex-import',
  },
} as const satisfies Record<string, TokenKind>

export type TokenType = keyof typeof TOKEN_KINDS

/** What is known of a type; null for one that only a plug-in or a newer gateway knows. */
export function tokenKind(type: string): TokenKind | null {
  return Object.hasOwn(TOKEN_KINDS, type) ? TOKEN_KINDS[type as TokenType] : null
}
