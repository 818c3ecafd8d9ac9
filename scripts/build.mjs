// Bundles bin/provops.ts into the scripts in dist/ (build/scripts.mjs says what is in which), and beside each lies its code
// as this version of node compiled it. All is CommonJS: node 20 needs longer to find and link ES modules than to run what
// is in them, and keeps compiled code of scripts only.
import { chmod, copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'
import { assembly } from './build/assembly.mjs'
import { keepCompiledCode } from './build/compiled-code.mjs'
import { lighter } from './build/lighter.mjs'
import { Scripts } from './build/scripts.mjs'

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

await rm('dist', { recursive: true, force: true })
const scripts = new Scripts()
await scripts.trace({ ...COMMON, plugins: [assembly, lighter] })
await scripts.bundleAll(async (script) => {
  const outfile = `dist/${script}.js`
  await build({
    ...COMMON,
    ...scripts.input(script),
    outfile,
    plugins: [assembly, scripts.plugin(script), lighter],
  })
  await writeInAscii(outfile)
})
await writeFile('dist/package.json', '{ "type": "commonjs" }\n')
await copyFile('scripts/build/provops.cjs', 'dist/provops.js')
await chmod('dist/provops.js', 0o755)
await keepCompiledCode()

/** provops.cjs reads scripts as latin1, and esbuild escapes what is in strings but not what is in regular expressions. */
async function writeInAscii(path) {
  const source = await readFile(path, 'utf8')
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  await writeFile(path, source.replace(/[^\0-\x7f]/g, escaped))
}
