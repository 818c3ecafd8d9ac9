import { readFileSync } from 'node:fs'
import { type Document, parseDocument } from 'yaml'
import type { Exchange, Replied } from '../exchange.ts'
import type { Runtime } from '../runtime.ts'
import { outdentComments, writeInPlace } from './rewrite.ts'

/**
 * Changes the configuration file as a management save does and answers `{"status":"ok"}`: comments and order are
 * kept, standalone comments move to column 0, the same inode is written (contract, files 2.4).
 */
export function editConfig(
  exchange: Exchange,
  runtime: Runtime,
  edit: (document: Document) => void,
): Replied {
  try {
    const document = parseDocument(readFileSync(runtime.paths.config, 'utf8'))
    edit(document)
    writeInPlace(runtime.paths.config, outdentComments(document.toString({ indent: 2, lineWidth: 0 })))
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'the file cannot be written'
    return exchange.json(500, { error: `failed to save config: ${reason}` })
  }
  runtime.reload()
  return exchange.json(200, { status: 'ok' })
}
