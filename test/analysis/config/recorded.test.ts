import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Flavour } from '../../../src/analysis/config/flavour.ts'
import { lintConfig } from '../../../src/analysis/config/lint.ts'
import { loadConfig } from '../../../src/analysis/config/load.ts'
import { offersOf } from '../../../src/analysis/config/offers.ts'

const FIXTURES = new URL('../../../fixtures/', import.meta.url)
const WITNESSES: readonly (readonly [name: string, flavour: Flavour])[] = [
  ['upstream', 'upstream'],
  ['fork', 'fork'],
  ['forkold', 'fork-old'],
  ['fork693', 'fork-old'],
]

function read(path: string): string {
  return readFileSync(new URL(path, FIXTURES), 'utf8')
}

describe.each(WITNESSES)('With the config of a running %s gateway', (name, flavour) => {
  const text = read(`config/${name}-config-written.yaml`)

  it('the ids on offer are those the gateway listed', () => {
    const recorded = JSON.parse(read(`wire/${name}/models-openai.json`))
    const { body } = recorded.response
    const { data } = typeof body === 'string' ? JSON.parse(body) : body
    const listed = data.map(({ id }: { id: string }) => id).sort()
    const loaded = loadConfig(text, flavour)
    expect(listed.length).toBeGreaterThan(100)
    expect(loaded.kind === 'loaded' && [...offersOf(loaded.config).byId.keys()].sort()).toEqual(listed)
  })

  it('lint has no error to tell, also after the gateway rewrote the file', () => {
    for (const file of [`${name}-config-written.yaml`, `${name}-config-rewritten-start.yaml`])
      expect(
        lintConfig({ text: read(`config/${file}`), flavour }).filter(({ severity }) => severity === 'error'),
      ).toEqual([])
  })
})
