const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { Script } = require('node:vm')

let modules = null

/** A module of late.js by its path in the sources. */
function late(path) {
  modules ??= load()
  return modules(path)
}

/** Runs late.js from its compiled code; node compiles it anew where that is missing or of another version. */
function load() {
  const filename = join(__dirname, 'late.js')
  // ASCII is all that esbuild writes, and latin1 the fastest way to read it.
  const source = `(function (module, require) {${readFileSync(filename, 'latin1')}\n})`
  const script = new Script(source, { filename, cachedData: compiled(filename) })
  const module = { exports: {} }
  script.runInThisContext()(module, require)
  return module.exports
}

function compiled(filename) {
  try {
    return readFileSync(`${filename}.${process.version}-${process.arch}`)
  } catch {
    return undefined
  }
}

module.exports = { late }
