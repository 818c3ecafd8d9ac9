import { Composer, type CST, type Document, isAlias, isMap, isScalar, isSeq, Parser, Scalar } from 'yaml'
import { goScalarOf, scalarText } from './go-scalar.ts'
import { type CommentPlace, commentMasker, maskByLines } from './mask-lines.ts'
import { isSecretKey, maskShapes, type SecretTags, secretTags } from './secrets.ts'
import { applySplices, type Splice } from './site.ts'
import type { YamlNode, YamlPair } from './yaml-source.ts'

/**
 * A config text fit to be shown: every secret is replaced by a tag such as `[secret 1]` that says nothing but "the same
 * as there". Masked are API keys, client keys, the management key, tokens, header values, user info in addresses, the
 * same values wherever else they stand, and what is commented out; in every document of the file. Text that is no YAML
 * is masked line by line, rather too much than too little. Give the same `tags` for texts that are shown together.
 */
export function maskConfigSecrets(text: string, tags: SecretTags = secretTags()): string {
  const splices = secretSplices(text, tags)
  const masked = splices === null ? maskByLines(text, tags) : applySplices(text, splices)
  return tags.sweep(maskShapes(masked, tags))
}

/** Both sides of a change, masked with the same tags. */
export function maskBothSides(
  before: string,
  after: string,
): { readonly before: string; readonly after: string } {
  const tags = secretTags()
  const [maskedBefore, maskedAfter] = [maskConfigSecrets(before, tags), maskConfigSecrets(after, tags)]
  // The second text may have told of a secret that stood unnoticed in the first.
  return { before: tags.sweep(maskedBefore), after: maskedAfter }
}

/** Null when the text is no valid YAML. */
function secretSplices(text: string, tags: SecretTags): Splice[] | null {
  const tokens = [...new Parser().parse(text)]
  const composer = new Composer({
    keepSourceTokens: true,
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const documents = [...composer.compose(tokens, true, text.length)]
  if (documents.some(({ errors }) => errors.length > 0)) return null
  const secrets = [...new Set(documents.flatMap((document) => secretNodes(document as Document.Parsed)))]
  const blocks = secrets.filter((node) => !isScalar(node))
  const scalars = secrets
    .filter((node): node is Scalar.Parsed => isScalar(node))
    .sort((a, b) => a.range[0] - b.range[0])
  const maskComment = commentMasker(tags)
  const comments = tokens.flatMap(commentsIn).sort((a, b) => a.offset - b.offset)
  return [
    ...scalars.map((node) => scalarSplice(text, node, tags)),
    ...comments.map(({ offset, source }) => ({
      from: offset,
      to: offset + source.length,
      insert: maskComment(source, placeOf(offset, blocks)),
    })),
  ]
}

function placeOf(offset: number, blocks: readonly YamlNode[]): CommentPlace {
  const block = blocks.find(({ range }) => offset > range[0] && offset < range[2])
  if (block === undefined) return 'elsewhere'
  return offset < block.range[1] ? 'in-secret' : 'behind-secret'
}

/** Everything below a key that names a secret: single values that say something, and the lists and maps around them. */
function secretNodes(document: Document.Parsed): YamlNode[] {
  const found: YamlNode[] = []
  const open = new Set<YamlNode>()
  const walk = (node: YamlNode | null, secret: boolean): void => {
    if (node === null || open.has(node)) return
    if (secret && saysSomething(node)) found.push(node)
    open.add(node)
    for (const [inner, isSecret] of innerNodes(node, document)) walk(inner, secret || isSecret)
    open.delete(node)
  }
  walk(document.contents as YamlNode | null, false)
  return found
}

function saysSomething(node: YamlNode): boolean {
  return !isScalar(node) || (goScalarOf(node).kind !== 'null' && scalarText(node) !== '')
}

/** What stands inside a node, each with whether its key makes it a secret. What an alias stands for is inside of it. */
function innerNodes(
  node: YamlNode,
  document: Document.Parsed,
): (readonly [node: YamlNode | null, secret: boolean])[] {
  if (isAlias(node)) return [[(node.resolve(document) as YamlNode | undefined) ?? null, false]]
  if (isSeq(node)) return (node.items as YamlNode[]).map((item) => [item, false])
  if (!isMap(node)) return []
  return (node.items as YamlPair[]).map(({ key, value }) => [
    value,
    isScalar(key) && isSecretKey(scalarText(key)),
  ])
}

function scalarSplice(text: string, node: Scalar.Parsed, tags: SecretTags): Splice {
  const tag = tags.tagOf(scalarText(node))
  const [from, to] = node.range
  if (node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE)
    return { from: from + 1, to: to - 1, insert: tag }
  return { from, to, insert: text[to - 1] === '\n' ? `${tag}\n` : tag }
}

/** Comment tokens anywhere in a parsed token. */
function commentsIn(token: unknown): CST.SourceToken[] {
  if (Array.isArray(token)) return token.flatMap(commentsIn)
  if (typeof token !== 'object' || token === null) return []
  if ('type' in token && token.type === 'comment') return [token as CST.SourceToken]
  return Object.values(token).flatMap((value) => (typeof value === 'object' ? commentsIn(value) : []))
}
