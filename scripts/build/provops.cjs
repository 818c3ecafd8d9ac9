#!/usr/bin/env node
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { Script } = require('node:vm')

const loaded = new Map()

/** What a script of this directory exports; it runs once. */
function load(name) {
  if (!loaded.has(name)) loaded.set(name, run(name))
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

load('cli.js')
