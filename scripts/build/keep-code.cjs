// Preloaded into a run of provops, writes down what the run compiled of late.js, where late.cjs looks for it.
const { writeFileSync } = require('node:fs')
const vm = require('node:vm')

vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options)
    process.once('exit', () => {
      writeFileSync(`${options.filename}.${process.version}-${process.arch}`, this.createCachedData())
    })
  }
}
