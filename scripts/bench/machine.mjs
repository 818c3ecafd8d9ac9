import { spawnSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Where the numbers come from, and whether something else ran there. */
export function machineFacts() {
  const [cpu] = cpus()
  const [load] = loadavg()
  const memory = (totalmem() / 2 ** 30).toFixed(0)
  const facts = `node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${memory} GiB, load ${load.toFixed(1)}`
  return load > cpus().length ? `${facts}: busy, so that what takes long takes longer still` : facts
}

/** Those of `tools` that this machine does not have. */
export function missing(...tools) {
  return tools.filter((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).error !== undefined)
}
