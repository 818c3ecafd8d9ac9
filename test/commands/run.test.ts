import { describe, expect, it } from 'vitest'
import { runCommand } from '../../commands/run.ts'
import type { CommandSpec } from '../../commands/spec.ts'
import type { World } from '../../src/shell/world.ts'

const KEY = 'sk-quoted-by-a-library'

const QUOTING: CommandSpec = {
  usage: 'quoting',
  summary: 'Quote a key',
  about: '',
  examples: [],
  flags: [],
  speaksTo: 'local',
  run: async ({ redactor }) => {
    redactor.add(KEY)
    throw new TypeError(`${KEY} is no header value`)
  },
}

describe('A defect that quotes a key', () => {
  it('is passed on without it, in the message and in the trace', async () => {
    const stream = { write: () => true }
    const world = {
      env: {},
      cwd: '/nowhere',
      home: '/nowhere',
      configDir: '/nowhere',
      stdout: stream,
      stderr: stream,
    } as unknown as World
    const error: unknown = await runCommand(world, { spec: QUOTING, args: [], flags: {} }).catch((e) => e)
    expect(error).toBeInstanceOf(Error)
    const { message, stack } = error as Error
    expect(message).toBe('[secret] is no header value')
    expect(stack).toContain('[secret] is no header value')
    expect(stack).not.toContain(KEY)
  })
})
