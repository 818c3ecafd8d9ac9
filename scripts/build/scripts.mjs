import { relative } from 'node:path'

const EMBEDDED = 'src/gateway/embedded/'
/** What of the embedded gateway the rest of provops imports. */
const EMBEDDED_DOORS = [`${EMBEDDED}scenario.ts`, `${EMBEDDED}start.ts`]
/** Packages whose things are passed between scripts, so that there must be one of each. */
const SHARED_PACKAGE = /^(?:undici|yaml)(?:\/|$)/

/**
 * Cuts provops into scripts: `cli` leaves what it imports late to `late`, `late` leaves the embedded gateway to
 * `embedded`, and `embedded` has of `late` what both need.
 */
export class Scripts {
  /** The modules that each script holds for others, by their paths in the sources. */
  #doors = { late: new Set(), embedded: new Set(EMBEDDED_DOORS) }

  /** The input of a script that is a function from the path of a module to the module. */
  holding(script) {
    const modules = [...this.#doors[script]].map((path) => `'${path}': () => require('./${path}')`)
    return {
      contents: `const modules = {${modules}}\nmodule.exports = (path) => modules[path]()`,
      resolveDir: '.',
    }
  }

  /** An esbuild plugin for the bundle of a script; `late` comes last, when it is known what the others want of it. */
  of(script) {
    return {
      name: 'scripts',
      setup: (bundle) => {
        bundle.onResolve({ filter: /./ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
          if (pluginData === RESOLVING || !(path.startsWith('.') || SHARED_PACKAGE.test(path))) return
          const resolved = await bundle.resolve(path, { kind, importer, resolveDir, pluginData: RESOLVING })
          const module = relative('.', resolved.path)
          const home = homeOf(module, kind, script)
          if (home === script) return resolved
          if (home === 'late') this.#doors.late.add(module)
          else if (!this.#doors[home].has(module)) throw new Error(`${module} is no door of ${home}.js`)
          return { path: module, namespace: home }
        })
        for (const home of ['late', 'embedded']) {
          bundle.onLoad({ filter: /./, namespace: home }, ({ path }) => ({
            contents: `module.exports = load('${home}.js')('${path}')`,
          }))
        }
      },
    }
  }
}

const RESOLVING = Symbol('resolving')

/** The script that a module is in when `script` imports it. */
function homeOf(module, kind, script) {
  if (script === 'cli') return kind === 'dynamic-import' ? 'late' : 'cli'
  if (module.startsWith(EMBEDDED)) return 'embedded'
  return module.startsWith('node_modules/') && !SHARED_PACKAGE.test(module.slice('node_modules/'.length))
    ? script
    : 'late'
}
