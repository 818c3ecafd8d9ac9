import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod/mini'
import type { TotalsSample } from '../analysis/windows.ts'
import type { RememberedInventory } from '../checks/daily-context.ts'
import type { Report } from '../core/report.ts'
import { recall, remember } from './files.ts'

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
    return recall(join(this.#dir, 'inventory', fileName(gateway, keyName)), Inventory)
  }

  rememberInventory(gateway: string, keyName: string, inventory: RememberedInventory): Promise<void> {
    return this.#write(join('inventory', fileName(gateway, keyName)), inventory)
  }

  totals(gateway: string): Promise<TotalsSample | null> {
    return recall(join(this.#dir, 'totals', fileName(gateway)), Totals)
  }

  rememberTotals(gateway: string, totals: TotalsSample): Promise<void> {
    return this.#write(join('totals', fileName(gateway)), totals)
  }

  /** Keeps the report as a run record and drops the oldest beyond two hundred. */
  async recordRun(report: Report): Promise<void> {
    const stamp = report.startedAt.replaceAll(':', '').replace('.', '-')
    await this.#write(join('runs', `${stamp}-${report.command.replaceAll(' ', '-')}.json`), report)
    const runs = (await readdir(join(this.#dir, 'runs')).catch(() => [])).sort()
    for (const old of runs.slice(0, -KEPT_RUNS)) await rm(join(this.#dir, 'runs', old), { force: true })
  }

  async #write(path: string, value: unknown): Promise<void> {
    const text = this.#redact(`${JSON.stringify(value, null, 2)}\n`)
    await remember(join(this.#dir, path), text)
  }
}

/** One file per gateway and key; encoded, since URLs and names of keys are not file names. */
function fileName(...parts: readonly string[]): string {
  return `${Buffer.from(parts.join('\n')).toString('base64url')}.json`
}
