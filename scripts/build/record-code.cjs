// Preloaded into a run of provops: writes what the run compiled of the script RECORD_CODE_OF to where provops.cjs looks.
const { writeFileSync } = require('node:fs')
const { basename } = require('node:path')
const vm = require('node:vm')

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
