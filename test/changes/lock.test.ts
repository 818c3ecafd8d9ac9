import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openFileStore } from '../../src/changes/file-store.ts'
import { nodeFileSystem } from '../../src/changes/file-system.ts'
import { holdStore } from '../../src/changes/lock.ts'
import type { ConfigStore } from '../../src/changes/store.ts'
import type { ChangeWorld } from '../../src/changes/world.ts'
import { reactingFileSystem } from './support/failing-fs.ts'
import { ageLocks, temporaryDirectory, worldIn } from './support/world.ts'

async function place() {
  const directory = await temporaryDirectory()
  const path = join(directory, 'config.yaml')
  await writeFile(path, 'a: 1\n')
  return { directory, path, world: worldIn(join(directory, 'state')) }
}

async function storeOf(path: string): Promise<ConfigStore> {
  const opened = await openFileStore(nodeFileSystem, path)
  if (opened.kind === 'fault') throw new Error(JSON.stringify(opened.fault))
  return opened.value
}

async function holdOrThrow(world: ChangeWorld, path: string) {
  const hold = await holdStore(world, await storeOf(path), 'provops onboard')
  if (hold.kind !== 'held') throw new Error(JSON.stringify(hold))
  return hold.held
}

test('a second provops is told who holds the lock, whatever name it uses for the file', async () => {
  const { directory, path, world } = await place()
  const held = await holdOrThrow(world, path)
  const alias = join(directory, 'alias.yaml')
  await symlink(path, alias)
  expect(await holdStore(world, await storeOf(alias), 'provops reroute')).toEqual({
    kind: 'busy',
    owner: { pid: process.pid, host: 'here', since: '2026-11-23T00:27:38.000Z', doing: 'provops onboard' },
  })
  await held.release()
  await (await holdOrThrow(world, path)).release()
})

test('two files can be held at the same time', async () => {
  const { directory, path, world } = await place()
  const other = join(directory, 'other.yaml')
  await writeFile(other, 'a: 1\n')
  const [one, two] = [await holdOrThrow(world, path), await holdOrThrow(world, other)]
  await one.release()
  await two.release()
})

test('of many that want the lock at once exactly one gets it', async () => {
  const { path, world } = await place()
  const store = await storeOf(path)
  const holds = await Promise.all(Array.from({ length: 8 }, () => holdStore(world, store, 'x')))
  const winners = holds.flatMap((hold) => (hold.kind === 'held' ? [hold.held] : []))
  expect(winners).toHaveLength(1)
  expect(holds.filter((hold) => hold.kind === 'busy')).toHaveLength(7)
  await winners[0]?.release()
})

test('the lock of a holder that was killed is waited for until it counts as left behind', async () => {
  const { path, world } = await place()
  const held = await holdOrThrow(world, path)
  onTestFinished(() => held.release())
  const others: ChangeWorld = { ...world, self: { ...world.self, isAlive: () => false } }
  const waiting = holdStore(others, await storeOf(path), 'provops undo')
  await ageLocks(world.stateDir)
  const second = await waiting
  expect(second.kind).toBe('held')
  if (second.kind === 'held') await second.held.release()
})

test('a holder on another host counts as alive', async () => {
  const { path, world } = await place()
  const held = await holdOrThrow({ ...world, self: { ...world.self, host: 'elsewhere', pid: 1 } }, path)
  expect(await holdStore(world, await storeOf(path), 'x')).toMatchObject({
    kind: 'busy',
    owner: { host: 'elsewhere', pid: 1 },
  })
  await held.release()
})

test('a state directory that takes no lock is a fault of the lock stage', async () => {
  const { path, world } = await place()
  const fs = reactingFileSystem(nodeFileSystem, ({ name }) =>
    name === 'makeDirectory' ? { kind: 'fail', code: 'EROFS' } : { kind: 'go-on' },
  )
  expect(await holdStore({ ...world, fs }, await storeOf(path), 'x')).toMatchObject({
    kind: 'failed',
    stage: 'lock',
    fault: { kind: 'read-only' },
  })
})
