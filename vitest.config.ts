import { defineConfig } from 'vitest/config'
import { viteAssembly } from './scripts/build/assembly.mjs'

const results = process.env.PROVOPS_TEST_RESULTS

export default defineConfig({
  plugins: [viteAssembly],
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A machine-readable copy of the results, for whoever counts them.
    ...(results ? { reporters: ['default', 'json'], outputFile: { json: results } } : {}),
  },
})
