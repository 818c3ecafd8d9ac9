/** What is used of WebAssembly; the types of node 20 leave it to those of browsers. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Instance {
    constructor(module: Module)
    readonly exports: object
  }
  interface Memory {
    readonly buffer: ArrayBuffer
    /** By pages of 64 KiB; a buffer taken before is empty afterwards. */
    grow(pages: number): number
  }
  interface Global {
    readonly value: number
  }
}
