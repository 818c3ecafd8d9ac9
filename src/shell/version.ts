declare const PROVOPS_VERSION: string | undefined

/** The version of this build; `dev` when run from source. */
export const VERSION = typeof PROVOPS_VERSION === 'string' ? PROVOPS_VERSION : 'dev'
