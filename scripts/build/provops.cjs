#!/usr/bin/env node
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { Script } = require('node:vm')

const loaded = new Map()

/** What a script of this directory exports; it runs once. */
function load(name) {
  if (!loaded.has(name)) {
    if (name !== 'cli.js') compileWasmLater()
    loaded.set(name, run(name))
  }
  return loaded.get(name)
}

/** Its compiled code is used if this node made it. */
function run(name) {
  const filename = join(__dirname, name)
  // The build writes nothing but ASCII, which is read fastest as latin1.
  const script = new Script(readFileSync(filename, 'latin1'), {
    filename,
    cachedData: compiledCode(filename),
  })
  const module = { exports: {} }
  script.runInThisContext()(module, require, __dirname, load)
  return module.exports
}

/** Undefined where there is none for this version of node; then node compiles anew. */
function compiledCode(filename) {
  try {
    return readFileSync(`${filename}.${process.version}-${process.arch}`)
  } catch {
    return undefined
  }
}

/**
 * Before version 12, that is in node 20, V8 soon compiles the HTTP parser of undici a second time for speed, and a process
 * cannot end before that is done: 150 ms for a parser that reads a few answers. So it does later, after as much work as
 * only the reader of a long log gets to. Help has neither; the other scripts are compiled under the same flag, since V8
 * refuses code that was compiled under others.
 */
function compileWasmLater() {
  if (Number.parseInt(process.versions.v8, 10) < 12) {
    require('node:v8').setFlagsFromString('--wasm-tiering-budget=300000000')
  }
}

load('cli.js')
