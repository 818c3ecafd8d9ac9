import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Applied, applyChange } from '../../src/changes/apply.ts'
import { proposeChange } from '../../src/changes/change.ts'
import { finishRun } from '../../src/changes/finish.ts'
import { type Held, holdStore } from '../../src/changes/lock.ts'
import { openManagementStore } from '../../src/changes/management-store.ts'
import { findUnfinished } from '../../src/changes/runs.ts'
import { readText } from '../../src/changes/store.ts'
import { undoRun } from '../../src/changes/undo.ts'
import { clientOf } from '../gateway/client-rig.ts'
import { neverChecked, temporaryDirectory, textAt, worldIn } from './support/world.ts'

const BEFORE = 'port: 8317\nremote-management:\n  # only me\n  secret-key: $2a$10$hash\n'
const AFTER = `${BEFORE}debug: true\n`
/** What a gateway makes of standalone comments (contract, files 2.4). */
const atLeftEdge = (text: string) => text.replace(/^ +#/gm, '#')

/** A gateway's configuration routes, as far as contract, HTTP 8.3 tells them. */
class ConfigServer {
  text = BEFORE
  puts = 0
  contentType: string | undefined
  onPut: (body: string, reply: ServerResponse) => void = (body, reply) => {
    this.text = atLeftEdge(body)
    answer(reply, 200, { ok: true, changed: ['config'] })
  }
  onGet: (reply: ServerResponse) => void = (reply) => {
    reply.setHeader('content-type', 'application/yaml; charset=utf-8')
    reply.end(this.text)
  }

  async handle(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    if (request.url !== '/v0/management/config.yaml') return answer(reply, 404, {})
    if (request.method === 'GET') return this.onGet(reply)
    this.puts++
    this.contentType = request.headers['content-type']
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    this.onPut(Buffer.concat(chunks).toString(), reply)
  }
}

function answer(reply: ServerResponse, status: number, body: unknown): void {
  reply.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
}

async function setUp() {
  const config = new ConfigServer()
  const server = createServer((request, reply) => void config.handle(request, reply))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { gateway } = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    timeoutMs: 300,
  })
  onTestFinished(async () => {
    await gateway.close()
    server.closeAllConnections()
    server.close()
  })
  const world = worldIn(join(await temporaryDirectory(), 'state'))
  const store = openManagementStore(gateway)
  const hold = await holdStore(world, store, 'a test')
  if (hold.kind !== 'held') throw new Error(JSON.stringify(hold))
  onTestFinished(() => hold.held.release())
  return { config, store, world, held: hold.held }
}

function apply(held: Held, after = AFTER, before = BEFORE): Promise<Applied> {
  const change = proposeChange(
    {
      runId: 'run1',
      title: 'a test',
      target: held.store.target,
      before,
      after,
      check: neverChecked,
      gateway: 'prod',
    },
    held.world.mask,
  )
  return applyChange(held, change)
}

test('a change goes out as YAML, is read back, and undone', async () => {
  const { config, store, world, held } = await setUp()
  config.text = atLeftEdge(BEFORE)
  const backupPath = join(world.stateDir, 'changes', 'run1', 'before.yaml')
  expect(await apply(held, atLeftEdge(AFTER), atLeftEdge(BEFORE))).toEqual({
    kind: 'applied',
    runId: 'run1',
    backupPath,
    notes: [],
    undoCommand: 'provops undo run1 -g prod',
  })
  expect(config.contentType).toBe('application/yaml')
  expect(await readText(store)).toEqual({ kind: 'read', text: atLeftEdge(AFTER) })
  expect(await textAt(backupPath)).toBe(atLeftEdge(BEFORE))
  expect(await undoRun(held, 'run1')).toEqual({ kind: 'restored', runId: 'run1', notes: [] })
  expect(config.text).toBe(atLeftEdge(BEFORE))
})

test('a moved comment is no difference: values are compared, and it is noted', async () => {
  const { config, held } = await setUp()
  expect(await apply(held)).toMatchObject({ kind: 'applied', notes: [{ kind: 'normalised' }] })
  expect(config.text).toBe(atLeftEdge(AFTER))
  expect(await undoRun(held, 'run1')).toMatchObject({ kind: 'restored', notes: [{ kind: 'normalised' }] })
  expect(config.text).toBe(atLeftEdge(BEFORE))
})

test('a change kept in memory only is applied with a warning', async () => {
  const { config, held } = await setUp()
  config.onPut = (_body, reply) => answer(reply, 200, { ok: true, changed: ['config'], persisted: false })
  expect(await apply(held)).toMatchObject({ kind: 'applied', notes: [{ kind: 'not-persisted' }] })
})

test.each([
  ['a changed secret', BEFORE.replace('$2a$10$hash', 'plain'), 'secret-key-changed'],
  ['no secret', 'port: 8317\n', 'secret-key-changed'],
  ['a repeated key', `${BEFORE}port: 1\n`, 'unreadable-text'],
])('a text with %s is not sent: it could lock us out', async (_how, after, kind) => {
  const { config, held } = await setUp()
  expect(await apply(held, after)).toMatchObject({
    kind: 'failed',
    stage: 'write',
    left: 'untouched',
    fault: { kind },
  })
  expect(config.puts).toBe(0)
})

test('a configuration that changed since the plan is a conflict', async () => {
  const { config, held } = await setUp()
  config.text = `${BEFORE}request-log: true\n`
  expect(await apply(held)).toMatchObject({ kind: 'conflict', conflict: { kind: 'changed-since-plan' } })
  expect(config.puts).toBe(0)
})

test.each([
  [
    400,
    { error: 'invalid_yaml', message: 'line 3: cannot unmarshal !!str `sk-secret` into int' },
    'rejected',
  ],
  [422, { error: 'invalid_config', message: 'weight "sk-secret"' }, 'rejected'],
  [500, { error: 'write_failed', message: 'read-only file system' }, 'not-saved'],
  [403, { error: 'IP banned due to too many failed attempts. Try again in 29m59s' }, 'refused'],
  [404, {}, 'not-offered'],
] as const)('a %i is told as what it means, without parts of the text', async (status, body, kind) => {
  const { config, held } = await setUp()
  config.onPut = (_text, reply) => answer(reply, status, body)
  const applied = await apply(held)
  expect(applied).toMatchObject({
    kind: 'failed',
    stage: 'write',
    left: 'untouched',
    fault: { kind, status },
  })
  expect(JSON.stringify(applied)).not.toContain('sk-secret')
})

test('a refused key is not tried a second time', async () => {
  const { config, held } = await setUp()
  let gets = 0
  config.onGet = (reply) => {
    gets++
    answer(reply, 401, { error: 'invalid management key' })
  }
  expect(await apply(held)).toMatchObject({
    kind: 'failed',
    stage: 'read',
    fault: { kind: 'refused', status: 401 },
  })
  expect(await apply(held)).toMatchObject({ fault: { kind: 'no-reply', fault: { kind: 'held-back' } } })
  expect(gets).toBe(1)
})

test('a lost reply is settled by looking: the change arrived', async () => {
  const { config, held } = await setUp()
  config.onPut = (body, reply) => {
    config.text = body
    reply.destroy()
  }
  expect(await apply(held)).toMatchObject({ kind: 'applied', notes: [] })
})

test('a lost reply is settled by looking: the change did not arrive', async () => {
  const { config, held } = await setUp()
  config.onPut = (_body, reply) => void reply.destroy()
  expect(await apply(held)).toMatchObject({ kind: 'failed', left: 'untouched', fault: { kind: 'no-reply' } })
  expect(config.text).toBe(BEFORE)
})

test('where nothing can be known the run stays open, and is finished when the gateway is back', async () => {
  const { config, world, held } = await setUp()
  const { onGet, onPut } = config
  config.onPut = (body, reply) => {
    config.text = atLeftEdge(body)
    config.onGet = (lost) => void lost.destroy()
    reply.destroy()
  }
  expect(await apply(held)).toMatchObject({ kind: 'failed', left: 'unclear', fault: { kind: 'no-reply' } })
  config.onGet = onGet
  config.onPut = onPut
  const unfinished = await findUnfinished(world)
  const run = unfinished.kind === 'ok' ? unfinished.value.runs[0] : undefined
  if (run === undefined) throw new Error('no unfinished run')
  expect(await finishRun(held, run.runId)).toEqual({ kind: 'finished', runId: 'run1', text: 'new' })
  expect(await undoRun(held, 'run1')).toMatchObject({ kind: 'restored' })
  expect(config.text).toBe(atLeftEdge(BEFORE))
})

test('an acknowledged text that reads back with other values is not a success', async () => {
  const { config, held } = await setUp()
  config.onPut = (_body, reply) => {
    config.text = 'port: 1\n'
    answer(reply, 200, { ok: true })
  }
  expect(await apply(held)).toMatchObject({
    kind: 'failed',
    left: 'unclear',
    fault: { kind: 'stored-differently' },
  })
})

test('a configuration with bytes that are no text is not sent back', async () => {
  const { config, store, held } = await setUp()
  config.onGet = (reply) => void reply.end(Buffer.from([0x61, 0x3a, 0x20, 0xff]))
  expect(await readText(store)).toMatchObject({ fault: { kind: 'not-utf8' } })
  expect(await apply(held)).toMatchObject({ kind: 'failed', stage: 'read' })
  expect(config.puts).toBe(0)
})
