import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Flavour } from '../../src/analysis/config/flavour.ts'
import { effectOf } from '../../src/shell/change-effect.ts'
import { clientOf, systemClock } from '../gateway/client-rig.ts'

const before = 'request-retry: 3\nrouting:\n  strategy: fill-first\n'

/** What one look says, when the gateway shows this configuration after the file was edited. */
async function lookAt(shown: object, after: string, flavour: Flavour = 'upstream') {
  const server = createServer((_request, reply) => {
    reply.setHeader('content-type', 'application/json')
    reply.end(JSON.stringify(shown))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { gateway } = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const watched = { gateway, key: 0, clock: systemClock } as const
  return effectOf(watched, { before, after, flavour }).verify(new AbortController().signal)
}

describe('the effect of a switch', () => {
  const after = before.replace('3', '0')

  it('is seen when the gateway shows its new value', async () => {
    const shown = { 'request-retry': 0, routing: { strategy: 'fill-first' } }
    expect(await lookAt(shown, after)).toEqual({
      kind: 'effective',
      evidence: '/v0/management/config shows request-retry 0',
    })
  })

  it('is not seen while the gateway shows the old one', async () => {
    const shown = { 'request-retry': 3, routing: { strategy: 'fill-first' } }
    expect(await lookAt(shown, after)).toMatchObject({ kind: 'not-yet', saw: expect.stringContaining('3') })
  })

  it('is not taken from a gateway that does not show it', async () => {
    expect(await lookAt({}, after)).toMatchObject({
      kind: 'not-yet',
      saw: expect.stringContaining('not at all'),
    })
  })

  it('is looked for under its own path', async () => {
    const spread = before.replace('fill-first', 'round-robin')
    expect(await lookAt({ 'request-retry': 3, routing: { strategy: 'round-robin' } }, spread)).toMatchObject({
      kind: 'effective',
      evidence: '/v0/management/config shows routing.strategy round-robin',
    })
  })
})

describe('the effect of a change of providers', () => {
  const codex = { name: 'gpt-5.3-codex', alias: 'gpt-5.3-codex-spark' }
  const after = `${before}oauth-model-alias: ${JSON.stringify({ codex: [codex] })}\n`
  // A version knows fewer aliases of its own than another.
  const builtIn = { kiro: [{ name: 'kiro-claude-opus-4-5', alias: 'claude-opus-4-5', fork: true }] }

  it.each([
    ['is seen beside aliases that the version has built in', { ...builtIn, codex: [codex] }, 'effective'],
    ['is not seen in those aliases alone', builtIn, 'not-yet'],
  ])('%s', async (_name, aliases, kind) => {
    expect(await lookAt({ 'oauth-model-alias': aliases }, after, 'fork-old')).toMatchObject({ kind })
  })
})
