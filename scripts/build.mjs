// Bundles bin/provops.ts into dist/: cli.js reads the command line and prints help, late.js holds what a command then
// runs, and beside each lies its code as this version of node compiled it. All is CommonJS: node 20 needs longer to find
// and link ES modules than to run what is in them, and keeps compiled code of scripts only.
import { chmod, copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { build } from 'esbuild'
import { keepCompiledCode } from './build/compiled-code.mjs'
import { lighter } from './build/lighter.mjs'

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))

const COMMON = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  minify: true,
  // A script that node:vm runs cannot import; it can require.
  supported: { 'dynamic-import': false },
  legalComments: 'none',
  logLevel: 'warning',
  define: { PROVOPS_VERSION: JSON.stringify(version), 'import.meta.dirname': '__dirname' },
  // A function, which provops.cjs calls.
  banner: { js: '(function (module, require, __dirname, load) {' },
  footer: { js: '})' },
}

/** What cli.js loads late, by paths in the sources. */
const latePaths = new Set()

/** Leaves what is imported late to late.js. */
const late = {
  name: 'late',
  setup(bundle) {
    bundle.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      if (kind !== 'dynamic-import') return
      const latePath = relative('.', resolve(resolveDir, path))
      latePaths.add(latePath)
      return { path: latePath, namespace: 'late' }
    })
    bundle.onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({
      contents: `module.exports = require('late.js')('${path}')`,
    }))
    bundle.onResolve({ filter: /^late\.js$/ }, ({ path }) => ({ path, namespace: 'script' }))
    bundle.onLoad({ filter: /.*/, namespace: 'script' }, ({ path }) => ({
      contents: `module.exports = load('${path}')`,
    }))
  },
}

await rm('dist', { recursive: true, force: true })
await build({
  ...COMMON,
  entryPoints: { cli: 'bin/provops.ts' },
  outdir: 'dist',
  plugins: [late, lighter],
})
await build({
  ...COMMON,
  stdin: {
    contents: `const modules = {${[...latePaths].map((path) => `'${path}': () => require('./${path}')`)}}
      module.exports = (path) => modules[path]()`,
    resolveDir: '.',
  },
  outfile: 'dist/late.js',
  plugins: [lighter],
})
for (const script of ['dist/cli.js', 'dist/late.js']) await writeInAscii(script)
await writeFile('dist/package.json', '{ "type": "commonjs" }\n')
await copyFile('scripts/build/provops.cjs', 'dist/provops.js')
await chmod('dist/provops.js', 0o755)
keepCompiledCode()

/** provops.cjs reads scripts as latin1, and esbuild escapes what is in strings but not what is in regular expressions. */
async function writeInAscii(path) {
  const source = await readFile(path, 'utf8')
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  await writeFile(path, source.replace(/[^\0-\x7f]/g, escaped))
}
