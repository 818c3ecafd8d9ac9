import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod/mini'
import type { TotalsSample } from '../analysis/windows.ts'
import type { RememberedInventory } from '../checks/daily-context.ts'
import type { Report } from '../core/report.ts'
import { recall, remember } from './files.ts'
import { memoryFile } from './memory.ts'

const Inventory = z.strictObject({
  atMs: z.number(),
  shape: z.enum(['openai', 'claude', 'gemini', 'codex', 'grok']),
  models: z.array(z.strictObject({ id: z.string(), ownedBy: z.string() })),
})

const Figure = z.nullable(z.number())
const Totals = z.strictObject({
  atMs: z.number(),
  providers: z.array(
    z.strictObject({
      provider: z.string(),
      requests: Figure,
      failures: Figure,
      rateLimited: Figure,
      latencyP50Ms: Figure,
      latencyP95Ms: Figure,
    }),
  ),
})

const KEPT_RUNS = 200

/**
 * What provops remembers between runs, one folder per kind under the state directory, readable by the owner only.
 * Nothing in it is needed: a missing or foreign file reads as "no earlier run", and a failed write loses only memory.
 */
export class State {
  readonly #dir: string
  readonly #redact: (text: string) => string

  constructor(dir: string, redact: (text: string) => string) {
    this.#dir = dir
    this.#redact = redact
  }

  /** The model list of the last green run of this gateway with this key. */
  inventory(gateway: string, keyName: string): Promise<RememberedInventory | null> {
    return recall(memoryFile(this.#dir, 'inventory', gateway, keyName), Inventory)
  }

  rememberInventory(gateway: string, keyName: string, inventory: RememberedInventory): Promise<void> {
    return this.#write(memoryFile(this.#dir, 'inventory', gateway, keyName), inventory)
  }

  totals(gateway: string): Promise<TotalsSample | null> {
    return recall(memoryFile(this.#dir, 'totals', gateway), Totals)
  }

  rememberTotals(gateway: string, totals: TotalsSample): Promise<void> {
    return this.#write(memoryFile(this.#dir, 'totals', gateway), totals)
  }

  /** Keeps the report as a run record and drops the oldest beyond two hundred. */
  async recordRun(report: Report): Promise<void> {
    const stamp = report.startedAt.replaceAll(':', '').replace('.', '-')
    const dir = join(this.#dir, 'runs')
    await this.#write(join(dir, `${stamp}-${report.command.replaceAll(' ', '-')}.json`), report)
    const runs = (await readdir(dir).catch(() => [])).sort()
    for (const old of runs.slice(0, -KEPT_RUNS)) await rm(join(dir, old), { force: true })
  }

  async #write(path: string, value: unknown): Promise<void> {
    const text = this.#redact(`${JSON.stringify(value, null, 2)}\n`)
    await remember(path, text)
  }
}
