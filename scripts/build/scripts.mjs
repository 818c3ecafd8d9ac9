import { relative } from 'node:path'
import { build } from 'esbuild'

/** What runs until a gateway is asked, and while it answers the rest is loaded. */
const FIRST_DOORS = ['commands/run.ts', 'src/shell/daily-ahead.ts', 'src/gateway/client.ts']
/** What only some commands need; everything else is in `late`. */
const HOMES = {
  embedded: /^src\/gateway\/embedded\//,
  config: /^(?:src\/analysis\/(?:config\/|strict-yaml\.ts)|node_modules\/yaml\/)/,
}
/** Packages whose things pass between scripts, so that there must be one of each; of others every script has its own. */
const SHARED_PACKAGE = /^node_modules\/(?:undici|yaml)\//

/**
 * Cuts provops into scripts: `cli` for the command line, `first` for what asks a gateway, `embedded` for the bundled one,
 * `config` for a gateway's configuration, and `late` for everything else. A module that one script wants of another comes
 * through a door of that one.
 */
export class Scripts {
  #first = new Set()
  #doors = { first: new Set(FIRST_DOORS), late: new Set(), config: new Set(), embedded: new Set() }

  /** Calls `bundle` for each script, and again until none wants a door that the others did not have yet. */
  async bundleAll(bundle) {
    for (let before = -1; before !== this.#doorCount; ) {
      before = this.#doorCount
      for (const script of ['cli', ...Object.keys(this.#doors)]) await bundle(script)
    }
  }

  get #doorCount() {
    return Object.values(this.#doors).reduce((count, doors) => count + doors.size, 0)
  }

  /** Finds out what is in `first`: all that its doors import, but for what they import late. */
  async trace(options) {
    const leaveLate = {
      name: 'leave-late',
      setup: (bundle) =>
        onOwnImport(bundle, ({ module, kind }) =>
          kind === 'dynamic-import' ? { path: module, external: true } : undefined,
        ),
    }
    const { metafile } = await build({
      ...options,
      ...this.input('first'),
      plugins: [leaveLate, ...options.plugins],
      metafile: true,
      write: false,
    })
    this.#first = new Set(Object.keys(metafile.inputs))
  }

  /** The esbuild options that name a script's input; all but `cli` are a function from the path of a door to its module. */
  input(script) {
    if (script === 'cli') return { entryPoints: ['bin/provops.ts'] }
    const doors = [...this.#doors[script]].map((path) => `'${path}': () => require('./${path}')`)
    const contents = `const doors = {${doors}}\nmodule.exports = (path) => doors[path]()`
    return { stdin: { contents, resolveDir: '.' } }
  }

  /** An esbuild plugin for the bundle of a script. */
  plugin(script) {
    return {
      name: 'scripts',
      setup: (bundle) => {
        onOwnImport(bundle, ({ module, kind, resolved }) => {
          const home = this.#homeOf(module, kind, script)
          if (home === script) return resolved
          this.#doors[home].add(module)
          return { path: module, namespace: home }
        })
        for (const home of Object.keys(this.#doors)) {
          bundle.onLoad({ filter: /./, namespace: home }, ({ path }) => ({
            contents: `module.exports = load('${home}.js')('${path}')`,
          }))
        }
      },
    }
  }

  /** The script that a module is in when `script` imports it. */
  #homeOf(module, kind, script) {
    if (script === 'cli' && kind !== 'dynamic-import') return script
    const isOwnCopy = module.startsWith('node_modules/') && !SHARED_PACKAGE.test(module)
    if (isOwnCopy && !(script === 'first' && kind === 'dynamic-import')) return script
    if (this.#first.has(module)) return 'first'
    return Object.keys(HOMES).find((home) => HOMES[home].test(module)) ?? 'late'
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
