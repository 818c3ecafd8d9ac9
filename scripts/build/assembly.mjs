import { dirname, join, relative } from 'node:path'
import asc from 'assemblyscript/asc'

const WASM = /\.wasm$/

/** A build bundles a script more than once, and what it imports stays the same meanwhile. */
const modules = new Map()

/** Plugins for esbuild and for vite that compile `name.ts`, in AssemblyScript, where `name.wasm` is imported. */
export const assembly = {
  name: 'assembly',
  setup(bundle) {
    bundle.onResolve({ filter: WASM }, ({ path, resolveDir }) => ({ path: join(resolveDir, path) }))
    bundle.onLoad({ filter: WASM }, async ({ path }) => {
      if (!modules.has(path)) modules.set(path, moduleOf(path))
      return { contents: await modules.get(path) }
    })
  },
}
export const viteAssembly = {
  name: 'assembly',
  enforce: 'pre',
  resolveId: (id, importer) => (WASM.test(id) ? join(dirname(importer), id) : null),
  load: (id) => (WASM.test(id) ? moduleOf(id) : null),
}

/** A module whose default export is the compiled code. */
async function moduleOf(path) {
  const code = await compiled(path.replace(WASM, '.ts'))
  return `export default Uint8Array.from(atob('${code.toString('base64')}'), (char) => char.charCodeAt(0))`
}

async function compiled(source) {
  let code
  const messages = asc.createMemoryStream()
  const { error } = await asc.main([relative('.', source), '--outFile', 'compiled.wasm', ...OPTIONS], {
    stderr: messages,
    writeFile: (_name, contents) => {
      code = Buffer.from(contents)
    },
  })
  if (error) throw new Error(`${source}: ${messages.toString()}`)
  return code
}

/** Without a runtime: there are no objects. The warning is of exports that only other modules of ours use. */
const OPTIONS = ['-O3', '--runtime', 'stub', '--enable', 'simd', '--disableWarning', '112']
