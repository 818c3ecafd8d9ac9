import { relative } from 'node:path'
import { build } from 'esbuild'

/** What runs until a gateway is asked, and while it answers the rest is loaded. */
const FIRST_DOORS = ['commands/run.ts', 'src/shell/daily-ahead.ts', 'src/gateway/client.ts']
const EMBEDDED = 'src/gateway/embedded/'
const EMBEDDED_DOORS = [`${EMBEDDED}scenario.ts`, `${EMBEDDED}start.ts`]
/** Packages whose things pass between scripts, so that there must be one of each; of others every script has its own. */
const SHARED_PACKAGE = /^node_modules\/(?:undici|yaml)\//

/**
 * Cuts provops into scripts: `cli` for the command line, `first`, `embedded` for the bundled gateway, and `late` for
 * everything else. A module that one script wants of another comes through a door of that one.
 */
export class Scripts {
  #first = new Set()
  #bundled = new Set()
  #doors = {
    first: new Set(FIRST_DOORS),
    embedded: new Set(EMBEDDED_DOORS),
    late: new Set(),
  }

  /** In which order they have to be bundled: doors are known when those who want them are. */
  static order = ['cli', 'embedded', 'late', 'first']

  /** Finds out what is in `first`: all that its doors import, but for what they import late. */
  async trace(options) {
    const leaveLate = {
      name: 'leave-late',
      setup: (bundle) =>
        onOwnImport(bundle, ({ module, kind }) => {
          if (kind !== 'dynamic-import') return
          this.#doors.late.add(module)
          return { path: module, external: true }
        }),
    }
    const { metafile } = await build({
      ...options,
      stdin: this.input('first'),
      plugins: [leaveLate, ...options.plugins],
      metafile: true,
      write: false,
    })
    this.#first = new Set(Object.keys(metafile.inputs))
    for (const module of this.#first) this.#doors.late.delete(module)
  }

  /** The input of a script that is a function from the path of a door to its module. */
  input(script) {
    const doors = [...this.#doors[script]].map((path) => `'${path}': () => require('./${path}')`)
    return { contents: `const doors = {${doors}}\nmodule.exports = (path) => doors[path]()`, resolveDir: '.' }
  }

  /** An esbuild plugin for the bundle of a script. */
  plugin(script) {
    return {
      name: 'scripts',
      setup: (bundle) => {
        onOwnImport(bundle, ({ module, kind, resolved }) => {
          const home = this.#homeOf(module, kind, script)
          if (home === script) return resolved
          this.#openDoor(home, module)
          return { path: module, namespace: home }
        })
        bundle.onEnd(() => {
          this.#bundled.add(script)
        })
        for (const home of Object.keys(this.#doors)) {
          bundle.onLoad({ filter: /./, namespace: home }, ({ path }) => ({
            contents: `module.exports = load('${home}.js')('${path}')`,
          }))
        }
      },
    }
  }

  #openDoor(home, module) {
    if (this.#bundled.has(home) && !this.#doors[home].has(module))
      throw new Error(`${module} is not among the doors of ${home}.js`)
    this.#doors[home].add(module)
  }

  /** The script that a module is in when `script` imports it. */
  #homeOf(module, kind, script) {
    if (script === 'cli' && kind !== 'dynamic-import') return script
    const isOwnCopy = module.startsWith('node_modules/') && !SHARED_PACKAGE.test(module)
    if (isOwnCopy && !(script === 'first' && kind === 'dynamic-import')) return script
    if (this.#first.has(module)) return 'first'
    return module.startsWith(EMBEDDED) ? 'embedded' : 'late'
  }
}

const RESOLVING = Symbol('resolving')

/** Calls `answer` for every import of something that is not node's own. */
function onOwnImport(bundle, answer) {
  bundle.onResolve({ filter: /./ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
    if (pluginData === RESOLVING || kind === 'entry-point' || path.startsWith('node:')) return
    const resolved = await bundle.resolve(path, { kind, importer, resolveDir, pluginData: RESOLVING })
    if (resolved.external || resolved.namespace !== 'file') return resolved
    return answer({ module: relative('.', resolved.path), kind, resolved })
  })
}
