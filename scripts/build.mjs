// Bundles bin/provops.ts into dist/: provops.js reads the command line and prints help, late.js holds what a command
// runs, and beside it lies its code as this version of node compiled it. Both are CommonJS: node 20 needs longer to
// find and link ES modules than to run what is in them, and it can keep compiled code of scripts only.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { build } from 'esbuild'

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))

const COMMON = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  define: { PROVOPS_VERSION: JSON.stringify(version), 'import.meta.url': '__fileUrl' },
}

/** The modules that provops.js loads late, by their paths. */
const lateModules = new Set()

/** Leaves what is imported late to late.js. */
const late = {
  name: 'late',
  setup(bundle) {
    bundle.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      if (kind !== 'dynamic-import') return
      const module = relative('.', resolve(resolveDir, path))
      lateModules.add(module)
      return { path: module, namespace: 'late' }
    })
    bundle.onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({
      contents: `module.exports = require('./scripts/build/late.cjs').late(${JSON.stringify(path)})`,
      resolveDir: '.',
    }))
  },
}

/**
 * Keeps libraries from loading what they do not use: to import node:process opens standard input, and commander
 * needs node:child_process only for commands that are programs of their own.
 */
const lighter = {
  name: 'lighter',
  setup(bundle) {
    bundle.onResolve({ filter: /^node:process$/ }, () => ({ path: 'process', namespace: 'global' }))
    bundle.onLoad({ filter: /.*/, namespace: 'global' }, () => ({ contents: 'module.exports = process' }))
    bundle.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[\\/]commander[\\/]/.test(importer) ? { path: 'nothing', namespace: 'nothing' } : undefined,
    )
    bundle.onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {}' }))
  },
}

await rm('dist', { recursive: true, force: true })
await build({
  ...COMMON,
  entryPoints: ['bin/provops.ts'],
  outfile: 'dist/provops.js',
  plugins: [late, lighter],
  banner: {
    js: "#!/usr/bin/env node\nconst __fileUrl = require('node:url').pathToFileURL(__filename).href;",
  },
})
await build({
  ...COMMON,
  stdin: {
    contents: `const modules = {${[...lateModules].map((path) => `'${path}': () => require('./${path}'),`).join('')}}
      module.exports = (path) => modules[path]()`,
    resolveDir: '.',
  },
  outfile: 'dist/late.js',
  plugins: [lighter],
})
await writeFile('dist/package.json', '{ "type": "commonjs" }\n')
await chmod('dist/provops.js', 0o755)
await keepCompiledCode()

/** Runs the daily checks once, so that what they need is compiled. Without that provops works, and starts slower. */
async function keepCompiledCode() {
  const dir = await mkdtemp(join(tmpdir(), 'provops-build-'))
  const recorder = resolve('scripts/build/keep-code.cjs')
  const args = ['--require', recorder, 'dist/provops.js', 'daily-check', '--embedded']
  const env = { PATH: process.env.PATH, HOME: dir, PROVOPS_STATE_DIR: dir }
  const { stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  await rm(dir, { recursive: true, force: true })
  if (!existsSync(`dist/late.js.${process.version}-${process.arch}`))
    console.warn(`build: provops will start slowly, its code could not be compiled in advance: ${stderr}`)
}
