import { readFile } from 'node:fs/promises'

/**
 * Keeps libraries from doing at every start what provops seldom or never needs: to import node:process opens standard
 * input, commander wants node:child_process for commands that are programs of their own, and the width of text that is
 * not ASCII is looked up in large tables.
 */
export const lighter = {
  name: 'lighter',
  setup(bundle) {
    bundle.onResolve({ filter: /^node:process$/ }, () => ({ path: 'process', namespace: 'value' }))
    bundle.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[\\/]commander[\\/]/.test(importer) ? { path: '{}', namespace: 'value' } : undefined,
    )
    bundle.onLoad({ filter: /.*/, namespace: 'value' }, ({ path }) => ({
      contents: `module.exports = ${path}`,
    }))
    bundle.onLoad({ filter: /[\\/](string-width|wrap-ansi)[\\/]index\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      return { contents: source.replaceAll(UNICODE_TABLE, '= whenUsed(() => $1);') + WHEN_USED }
    })
  },
}

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
