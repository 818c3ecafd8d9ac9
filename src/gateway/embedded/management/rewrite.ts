import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { type Document, isMap, isScalar, parseDocument, visit } from 'yaml'
import { plainSecret } from '../config-state.ts'
import type { LoadedConfig, Runtime } from '../runtime.ts'
import { hashSecret } from './secret.ts'

/**
 * Replaces a plain management key in the file by its hash, as the gateway does at start and at each reload
 * (contract, files 2.4). Only in a file that the embedded gateway made itself: the hash is not one that a real
 * gateway could check. Returns the configuration as the file has it afterwards.
 */
export function rewriteSecret(runtime: Runtime, config: LoadedConfig): LoadedConfig {
  const secret = plainSecret(config)
  if (secret === null || runtime.configOwner === 'user') return config
  const hash = hashSecret(secret, runtime.random.hex)
  const text = withSecret(config.text, hash)
  if (text === null) return config
  writeInPlace(runtime.paths.config, text)
  const { gateway } = config
  const remoteManagement = { ...gateway.settings.remoteManagement, secretKey: hash }
  const settings = { ...gateway.settings, remoteManagement }
  return { ...config, text, gateway: { ...gateway, settings } }
}

/** The text with another `secret-key`, as a save writes it; null when it has no such key. */
function withSecret(text: string, hash: string): string | null {
  const document = parseDocument(text)
  const management = document.get('remote-management')
  const node = isMap(management) ? management.get('secret-key', true) : null
  if (!isScalar(node) || !node.range) return null
  const [start, end] = node.range
  return savedText(text, document, [{ start, end, text: JSON.stringify(hash) }])
}

interface TextEdit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A text as the gateway saves it: without blank lines, and with lines that are only a comment at column 0 (contract, files 2.4). */
export function savedText(text: string, document: Document, edits: readonly TextEdit[] = []): string {
  const scalars = scalarsOverLines(text, document)
  const blankLines = [...text.matchAll(/^[ \t]*\r?\n/gm)]
    .filter(({ index }) => !scalars.some(({ start, end }) => index >= start && index < end))
    .map(({ index, 0: line }) => ({ start: index, end: index + line.length, text: '' }))
  const changed = [...edits, ...blankLines]
    .sort((a, b) => b.start - a.start)
    .reduce((rest, edit) => `${rest.slice(0, edit.start)}${edit.text}${rest.slice(edit.end)}`, text)
  return outdentComments(changed)
}

/** Where blank lines are part of a value. */
function scalarsOverLines(
  text: string,
  document: Document,
): { readonly start: number; readonly end: number }[] {
  const places: { start: number; end: number }[] = []
  visit(document, {
    Scalar(_, { range }) {
      if (range && text.slice(range[0], range[1]).trimEnd().includes('\n'))
        places.push({ start: range[0], end: range[1] })
    },
  })
  return places
}

/** Saving moves lines that are only a comment to column 0 (contract, files 2.4). */
export function outdentComments(text: string): string {
  return text.replace(/^[ \t]+(?=#)/gm, '')
}

/** Truncates and writes the same inode, as the gateway does: not atomic, no backup (contract, files 2.4). */
export function writeInPlace(path: string, text: string): void {
  const handle = openSync(path, 'r+')
  try {
    ftruncateSync(handle, 0)
    writeSync(handle, text, 0)
  } finally {
    closeSync(handle)
  }
}
