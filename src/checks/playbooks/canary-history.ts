/** How the image canary of one model did in earlier runs. */
export interface CanaryRun {
  readonly atMs: number
  readonly model: string
  readonly asked: number
  readonly seen: number
}

export interface CanaryHistory {
  /** Oldest first. */
  readonly runs: (model: string) => Promise<readonly CanaryRun[]>
  readonly add: (run: CanaryRun) => Promise<void>
}

/** The share of seen images over some runs; null when nothing was asked. */
export function successShare(runs: readonly CanaryRun[]): number | null {
  const asked = runs.reduce((sum, run) => sum + run.asked, 0)
  return asked === 0 ? null : runs.reduce((sum, run) => sum + run.seen, 0) / asked
}
