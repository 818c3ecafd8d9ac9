import * as z from 'zod/mini'

const Text = z.string().check(z.minLength(1))

/** A spec file of `provops onboard`: one provider, as it is to stand under `openai-compatibility`. */
export const OnboardingSpec = z.strictObject({
  name: Text.check(z.describe('what the gateway and its metrics call the provider')),
  'base-url': Text.check(z.describe('the address before /chat/completions and /models')),
  prefix: z.optional(Text.check(z.describe('its models can be asked for as prefix/alias'))),
  priority: z.optional(z.int().check(z.describe('higher is tried first; 0 when not given'))),
  'key-file': z.optional(Text.check(z.describe('file that holds the API key alone; relative to this file'))),
  'key-command': z.optional(
    z.array(Text).check(z.minLength(1), z.describe('a program and its arguments; it prints the API key')),
  ),
  models: z
    .array(
      z.strictObject({
        name: Text.check(z.describe("the provider's own id")),
        alias: z.optional(Text.check(z.describe('what clients ask for; the name when not given'))),
      }),
    )
    .check(z.minLength(1)),
})

export type OnboardingSpecValues = z.output<typeof OnboardingSpec>

/** The provider to be added, without its key. */
export interface Newcomer {
  readonly name: string
  readonly baseUrl: string
  /** Null: none. */
  readonly prefix: string | null
  /** Null: the gateway's default, 0. */
  readonly priority: number | null
  readonly models: readonly { readonly name: string; readonly alias: string | null }[]
}
