import { isDeepStrictEqual } from 'node:util'
import { isMap, parseAllDocuments } from 'yaml'

/**
 * Whether two configuration texts mean the same to a gateway: the values of the first document, which is all it reads
 * (contract, files 1.1), whatever their comments, order, quotes and layout. The management secret is left out, since
 * the gateway replaces it in the file by its hash (contract, files 2.4).
 */
export function compareValues(one: string, other: string): 'same' | 'different' | 'unreadable' {
  const left = valuesOf(one)
  const right = valuesOf(other)
  if (left.kind === 'unreadable' || right.kind === 'unreadable') return 'unreadable'
  return isDeepStrictEqual(left.values, right.values) ? 'same' : 'different'
}

/**
 * Whether `remote-management.secret-key` has the same value in both texts. A text that cannot be read is `unreadable`:
 * what its secret would be is not known.
 */
export function compareSecretKeys(one: string, other: string): 'same' | 'different' | 'unreadable' {
  const [left, right] = [firstDocument(one), firstDocument(other)]
  if (left === null || right === null) return 'unreadable'
  const path = ['remote-management', 'secret-key']
  return left.getIn(path) === right.getIn(path) ? 'same' : 'different'
}

type Reading = { readonly kind: 'values'; readonly values: unknown } | { readonly kind: 'unreadable' }

function valuesOf(text: string): Reading {
  const document = firstDocument(text)
  if (document === null) return { kind: 'unreadable' }
  const management = document.get('remote-management')
  if (isMap(management)) management.delete('secret-key')
  try {
    return { kind: 'values', values: document.toJS() }
  } catch {
    // Aliases that lead nowhere or multiply beyond the parser's limit.
    return { kind: 'unreadable' }
  }
}

function firstDocument(text: string) {
  const documents = parseAllDocuments(text, { logLevel: 'silent', prettyErrors: false, merge: true })
  if ('empty' in documents) return null
  const first = documents[0]
  return first === undefined || first.errors.length > 0 || !isMap(first.contents) ? null : first
}
