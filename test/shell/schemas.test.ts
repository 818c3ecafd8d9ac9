import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SCHEMAS } from '../../src/shell/schemas.ts'

const FOLDER = resolve(import.meta.dirname, '../../schemas')

describe('the shipped JSON Schemas', () => {
  // `npx vitest run -u` writes them anew.
  it.each(Object.entries(SCHEMAS))('%s is the one its reader uses', async (name, make) => {
    await expect(`${JSON.stringify(make(), null, 2)}\n`).toMatchFileSnapshot(join(FOLDER, name))
  })
})
