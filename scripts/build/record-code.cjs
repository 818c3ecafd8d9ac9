// Preloaded into a run of provops: writes what the run compiled of the script RECORD_CODE_OF to where provops.cjs looks.
const { writeFileSync } = require('node:fs')
const { basename } = require('node:path')
const v8 = require('node:v8')
const vm = require('node:vm')

// Compiled code is refused by a V8 whose flags differ from those it was recorded with.
v8.setFlagsFromString = () => {}

vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options)
    const { filename } = options
    if (basename(filename) !== process.env.RECORD_CODE_OF) return
    process.once('exit', () => {
      writeFileSync(`${filename}.${process.version}-${process.arch}`, this.createCachedData())
    })
  }
}
