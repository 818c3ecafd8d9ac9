import { readFileSync } from 'node:fs'
import { type Document, parseDocument } from 'yaml'
import type { Exchange, Replied } from '../exchange.ts'
import type { Runtime } from '../runtime.ts'
import { pruneProviders } from './prune.ts'
import { savedText, writeInPlace } from './rewrite.ts'

/**
 * Changes the configuration file as a management save does and answers `{"status":"ok"}`: comments and order are
 * kept, standalone comments move to column 0, blank lines and unknown keys of providers go, the same inode is written
 * (contract, files 2.4).
 */
export function editConfig(
  exchange: Exchange,
  runtime: Runtime,
  edit: (document: Document) => void,
): Replied {
  try {
    const document = parseDocument(readFileSync(runtime.paths.config, 'utf8'))
    edit(document)
    pruneProviders(document, runtime.traits.flavour)
    const text = document.toString({ indent: 2, lineWidth: 0 })
    writeInPlace(runtime.paths.config, savedText(text, parseDocument(text)))
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'the file cannot be written'
    return exchange.json(500, { error: `failed to save config: ${reason}` })
  }
  runtime.reload()
  return exchange.json(200, { status: 'ok' })
}
