import * as z from 'zod/mini'

const Text = z.catch(z.optional(z.nullable(z.coerce.string())), null)
const Key = z.catch(z.looseObject({ 'auth-index': Text }), {})
const Entry = z.looseObject({
  name: Text,
  'auth-index': Text,
  'api-key-entries': z.catch(z.optional(z.nullable(z.array(Key))), null),
})

/**
 * Which credentials belong to an entry of `GET /v0/management/openai-compatibility`, by their auth indexes; names are
 * compared as the gateway does, without case and outer blanks. Empty where the version does not say (contract, HTTP 8.5).
 */
export function authIndexesOf(body: unknown, name: string): readonly string[] {
  const list =
    typeof body === 'object' && body !== null && 'openai-compatibility' in body
      ? body['openai-compatibility']
      : body
  if (!Array.isArray(list)) return []
  const wanted = name.trim().toLowerCase()
  return list.flatMap((item) => {
    const entry = Entry.safeParse(item)
    if (!entry.success || entry.data.name?.trim().toLowerCase() !== wanted) return []
    const indexes = [
      entry.data['auth-index'],
      ...(entry.data['api-key-entries'] ?? []).map((key) => key['auth-index']),
    ]
    return indexes.flatMap((index) => index || [])
  })
}
