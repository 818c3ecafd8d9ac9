/** `ordinary-lines.ts`, compiled (scripts/build/assembly.mjs). */
declare const bytes: Uint8Array<ArrayBuffer>
export default bytes
