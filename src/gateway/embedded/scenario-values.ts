import parseDuration from 'parse-duration'
import * as z from 'zod/mini'

/** The keys of a table, as zod wants the choices of an enum. */
export const names = <T extends string>(table: Readonly<Record<T, unknown>>) =>
  Object.keys(table) as [T, ...T[]]

/** Adds the words that editors show for a field. */
export const described = <S extends z.ZodMiniType>(schema: S, words: string): S =>
  schema.check(z.describe(words))

/** A length of time as people write it, e.g. `90s`, `10m`, `1h30m`; becomes milliseconds. */
export const duration = z.pipe(
  z
    .string()
    .check(z.regex(/^(\d+(\.\d+)?(ms|s|m|h|d))+$/, 'must be a length of time such as 90s, 10m or 1h30m')),
  z.transform((text) => parseDuration(text) ?? 0),
)

/** A time relative to the start, `in 2h` or `3h ago`; becomes milliseconds, negative in the past. */
export const relativeTime = z.pipe(
  z
    .string()
    .check(
      z.regex(
        /^(in (\d+(ms|s|m|h|d))+|(\d+(ms|s|m|h|d))+ ago)$/,
        'must be a time such as "in 2h" or "3h ago"',
      ),
    ),
  z.transform(
    (text) => (parseDuration(text.replace(/^in | ago$/g, '')) ?? 0) * (text.startsWith('in ') ? 1 : -1),
  ),
)

/** `19/1000`: that many of every so many. */
export const share = z.pipe(
  z.string().check(z.regex(/^\d+\/[1-9]\d*$/, 'must be a share such as 19/1000')),
  z.transform((text) => {
    const [count = 0, of = 1] = text.split('/').map(Number)
    return { count, of }
  }),
)

export const text = z.string().check(z.minLength(1))
export const count = z.int().check(z.nonnegative())
export const positive = z.int().check(z.positive())
export const status = z.int().check(z.minimum(100), z.maximum(599))
