// Writes the README's tables of commands, exit codes and checks anew from the tables in the code.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'
import { assembly } from './build/assembly.mjs'

const TABLES = `
export { COMMANDS } from './commands/commands.ts'
export { CATALOGUE } from './src/checks/catalogue.ts'
export { EXIT_CODES } from './src/core/exit-codes.ts'`
const bundle = new URL('../dist/readme-tables.mjs', import.meta.url)

await build({
  stdin: { contents: TABLES, resolveDir: process.cwd(), loader: 'ts' },
  bundle: true,
  plugins: [assembly],
  format: 'esm',
  platform: 'node',
  outfile: bundle.pathname,
  banner: {
    js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
  },
  logLevel: 'error',
})
const { COMMANDS, CATALOGUE, EXIT_CODES } = await import(bundle.href)
await rm(bundle)

/** Rules of the linter, steps of playbooks and stages of changes are too many for a page; `provops checks` has them all. */
const GROUPS = ['gateway', 'models', 'providers', 'logs', 'spark', 'parity', 'quota', 'tokens']
const SHOWN = CATALOGUE.filter(({ group }) => GROUPS.includes(group))

/** The first table under a heading, by its new rows. */
const NEW_ROWS = {
  Commands: COMMANDS.map(({ usage, summary }) => `| \`provops ${usage}\` | ${summary} |`),
  'In CI and monitoring': Object.entries(EXIT_CODES).map(
    ([name, { code, means }]) => `| ${code} | ${name} | ${means} |`,
  ),
  Checks: SHOWN.map(({ id, title, cost }) => `| \`${id}\` | ${title} | ${cost} |`),
}

let readme = await readFile('README.md', 'utf8')
for (const [heading, rows] of Object.entries(NEW_ROWS)) {
  const table = new RegExp(`(## ${heading}\\n[^#]*?\\n\\|[^\\n]*\\n\\|[-|]+\\n)(?:\\|[^\\n]*\\n)*`)
  if (!table.test(readme)) throw new Error(`no table under ${heading}`)
  readme = readme.replace(table, (_, head) => `${head}${rows.join('\n')}\n`)
}
await writeFile('README.md', readme)
