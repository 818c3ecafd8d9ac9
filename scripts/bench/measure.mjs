import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const running = new Set()
process.once('exit', () => {
  // Each is a group of its own, with what it has started.
  for (const { pid } of running) process.kill(-pid, 'SIGKILL')
})

/**
 * Runs a command to its end: wall time from before the start to after the exit, exit code, and what it printed.
 * Rejects when it cannot be started.
 */
export function run(command, args, { cwd, env } = {}) {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now()
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    child.once('spawn', () => running.add(child))
    let output = ''
    let durationMs = 0
    const keep = (chunk) => {
      output += chunk
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', reject)
    child.once('exit', () => {
      durationMs = performance.now() - startedMs
      running.delete(child)
    })
    child.once('close', (exitCode) => resolve({ durationMs, exitCode, output }))
  })
}

/** The most memory the command held at once, in bytes; null without GNU time. */
export async function peakBytes(dir, command, args, options) {
  const report = join(dir, 'peak')
  const ran = await run('/usr/bin/time', ['-f', '%M', '-o', report, command, ...args], options).catch(
    () => null,
  )
  if (ran === null) return null
  // A command that failed has its exit code in the line before.
  const kibibytes = Number((await readFile(report, 'utf8')).trim().split('\n').at(-1))
  return Number.isFinite(kibibytes) ? kibibytes * 1024 : null
}

/**
 * Measures several things in turn, `rounds` times, so that a busy moment of the machine meets all of them; what the
 * first round says is dropped. `things` are functions that return a number by name; returns the medians by name.
 */
export async function interleaved(rounds, things) {
  const samples = Object.fromEntries(Object.keys(things).map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, measure] of Object.entries(things)) {
      const value = await measure()
      if (round > 0) samples[name].push(value)
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]))
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Wall time of a command in ms; an exit code that is not among `accepts` is an error with what it printed. */
export async function timed(command, args, { accepts = [0], ...options } = {}) {
  const { durationMs, exitCode, output } = await run(command, args, options)
  if (!accepts.includes(exitCode))
    throw new Error(`${command} ${args.join(' ')} ended with ${exitCode}: ${output.trim().slice(-300)}`)
  return durationMs
}
