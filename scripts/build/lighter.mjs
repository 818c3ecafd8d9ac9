import { readFile } from 'node:fs/promises'

/**
 * Keeps libraries from doing at every start what provops seldom or never needs: to import node:process opens standard
 * input, commander wants node:child_process for commands that are programs of their own, and the width of text that is
 * not ASCII is looked up in large tables, were it for a tick or a dash that provops itself writes. undici wants node:http2
 * for servers that speak it, which it is told not to use, of node:http only a size and a class, and node:assert, which
 * opens standard error. chalk asks what each stream can show, and is always told. Where a library imports the default of
 * a module of node's, esbuild copies all of that module's names.
 */
export const lighter = {
  name: 'lighter',
  setup(bundle) {
    bundle.onResolve({ filter: /^node:(os|path|process)$/ }, ({ path, kind, importer }) =>
      kind === 'import-statement' && /[\\/]env-paths[\\/]/.test(importer)
        ? { path: path === 'node:process' ? 'process' : `require('${path}')`, namespace: 'default' }
        : undefined,
    )
    bundle.onResolve({ filter: /^node:process$/ }, () => ({ path: 'process', namespace: 'value' }))
    bundle.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[\\/]commander[\\/]/.test(importer) ? { path: '{}', namespace: 'value' } : undefined,
    )
    bundle.onResolve({ filter: /^node:(assert|http|http2)$/ }, ({ path, importer }) =>
      /[\\/]undici[\\/]/.test(importer) ? { path: FOR_UNDICI[path], namespace: 'value' } : undefined,
    )
    bundle.onResolve({ filter: /^#supports-color$/ }, () => ({ path: '{}', namespace: 'value' }))
    bundle.onLoad({ filter: /.*/, namespace: 'default' }, ({ path }) => ({
      contents: `export default ${path}`,
    }))
    bundle.onLoad({ filter: /.*/, namespace: 'value' }, ({ path }) => ({
      contents: `module.exports = ${path}`,
    }))
    bundle.onLoad({ filter: /[\\/](string-width|wrap-ansi)[\\/]index\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const lighter = source.replaceAll(ASCII, OWN_SIGNS).replaceAll(UNICODE_TABLE, '= whenUsed(() => $1);')
      return { contents: lighter + WHEN_USED }
    })
  },
}

const FOR_UNDICI = {
  'node:assert':
    '(holds, message) => { if (!holds) throw new Error(message ?? "undici: an assertion failed") }',
  'node:http': '{ maxHeaderSize: 16384, IncomingMessage: class {} }',
  'node:http2': '{ constants: {} }',
}

/** What both libraries know to be as wide as it is long, and the same with · × – … → ⊘ ▁ to █ ░ ✔ ✖. */
const ASCII = /\/\^\[(?: -~|\\u0020-\\u007E)\]\*\$\//g
const OWN_SIGNS = String.raw`/^[ -~\u00b7\u00d7\u2013\u2026\u2192\u2298\u2581-\u2588\u2591\u2714\u2716]*$/`

/** What node makes from tables of all of Unicode, in 10 to 30 ms each. */
const UNICODE_TABLE = /= (\/.+\/v|new Intl\.Segmenter\(\));$/gm

const WHEN_USED = `
function whenUsed(make) {
  let made
  const get = () => (made ??= make())
  return {
    test: (text) => get().test(text),
    segment: (text) => get().segment(text),
    [Symbol.search]: (text) => get()[Symbol.search](text),
  }
}`
