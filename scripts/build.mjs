// Bundles bin/provops.ts and what it loads late into dist/: one file per chunk, since reading few large files starts
// faster than finding many small modules.
import { chmod, readFile, rm } from 'node:fs/promises'
import { build } from 'esbuild'

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))

await rm('dist', { recursive: true, force: true })
await build({
  entryPoints: ['bin/provops.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  define: { PROVOPS_VERSION: JSON.stringify(version) },
  chunkNames: 'chunks/[name]-[hash]',
  // CommonJS dependencies (commander, undici, cli-table3) ask for node's modules through `require`.
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
})
await chmod('dist/provops.js', 0o755)
