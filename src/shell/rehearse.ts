import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PLAYBOOK_NAMES, type PlaybookName } from '../checks/playbooks/playbook.ts'
import { PLAYBOOKS } from '../checks/playbooks/table.ts'
import { REHEARSAL_CHECK, type Rehearsal } from '../checks/rehearsal.ts'
import type { Finding } from '../core/finding.ts'
import { findingOf } from '../core/finding.ts'
import { nearest } from '../core/near.ts'
import { type Attachment, makeReport } from '../core/report.ts'
import { openLastingSession } from './change-session.ts'
import { type Carried, carryOutPlaybook } from './incident-apply.ts'
import { timelineTable } from './incident-timeline.ts'
import { Flags, type Invocation } from './invocation.ts'
import { findingsHere } from './next-commands.ts'
import { type CommandResult, type Refusal, usageError } from './result.ts'
import { parseCount } from './values.ts'
import type { World } from './world.ts'

/** The incident that each playbook is rehearsed on, and what an operator would name of it. */
const INCIDENTS = {
  'auth-failures': { scenario: '401-burst', model: '' },
  'rate-limit': { scenario: 'stale-cooldown', model: '' },
  'wrong-provider': { scenario: 'wrong-provider', model: '' },
  'missing-models': { scenario: 'missing-models', model: 'nemotron,claude-haiku-4-5' },
  'tool-result-image': { scenario: 'tool-result-image-dropped', model: 'claude-mirror' },
  'usage-parity': { scenario: 'mirror-usage-missing', model: 'claude-mirror' },
  'spark-mismatch': { scenario: 'spark-5.1', model: '' },
} as const satisfies Record<PlaybookName, { readonly scenario: string; readonly model: string }>

interface Rehearsed {
  readonly rehearsal: Rehearsal
  readonly carried: Carried
  readonly requests: { readonly total: number; readonly probes: number }
}

/** `provops rehearse [playbook]`: from the symptom to the verified mitigation, on the embedded gateway. */
export async function runRehearse(invocation: Invocation): Promise<CommandResult> {
  const { args, flags, world, settings, redactor } = invocation
  const names = wantedNames(args[0], flags.has('all'))
  if ('kind' in names) return names
  const seed = parseCount(flags.text('seed') ?? '1')
  if (seed.kind === 'wrong')
    return usageError(
      `--seed: ${JSON.stringify(flags.text('seed'))} is not ${seed.expected}`,
      'provops rehearse --all --seed 7',
    )
  const startedAtMs = world.clock.nowMs()
  const done: Rehearsed[] = []
  // One after the other: the same seed then gives the same run.
  for (const name of names) {
    const one = await rehearse(invocation, name, seed.value)
    if ('kind' in one) return one
    done.push(one)
  }
  const [only] = done
  const alone = done.length === 1 && only ? only : null
  const report = makeReport(
    {
      command: 'rehearse',
      gateway: { kind: 'embedded', url: null, name: null, profile: null, version: null },
      startedAtMs,
      requests: {
        total: done.reduce((sum, { requests }) => sum + requests.total, 0),
        probes: done.reduce((sum, { requests }) => sum + requests.probes, 0),
      },
      findings: [...(alone?.carried.findings ?? []), ...done.map(findingFor)],
      attachments: alone
        ? [
            ...alone.carried.attachments,
            timelineTable(`the rehearsal of ${alone.rehearsal.playbook}`, alone.carried.timeline),
          ]
        : [rehearsalTable(done)],
      failOn: settings.values['fail-on'],
    },
    world.clock,
  )
  return { kind: 'report', report: redactor.applyTo(report) }
}

function wantedNames(name: string | undefined, all: boolean): readonly PlaybookName[] | Refusal {
  if (name === undefined || all) {
    if (name === undefined) return PLAYBOOK_NAMES
    return usageError('either one playbook or --all', `provops rehearse ${name}`)
  }
  const found = PLAYBOOK_NAMES.find((one) => one === name)
  if (found) return [found]
  const near = nearest(name, PLAYBOOK_NAMES)
  return usageError(
    `there is no playbook ${name}${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}`,
    'provops incident --list',
  )
}

async function rehearse(
  invocation: Invocation,
  name: PlaybookName,
  seed: number,
): Promise<Rehearsed | Refusal> {
  const { scenario, model } = INCIDENTS[name]
  const stateDir = await mkdtemp(join(tmpdir(), 'provops-rehearsal-'))
  const flags = new Flags({
    ...invocation.flags.entries(),
    embedded: scenario,
    seed: String(seed),
    yes: '',
    // What is chosen stands in the report.
    quiet: '',
    ...(model === '' ? {} : { model }),
  })
  const lent: Invocation = { ...invocation, flags, world: rehearsalWorld(invocation.world, stateDir, seed) }
  const session = await openLastingSession(lent)
  if (session.kind === 'refused') return session
  try {
    const carried = await carryOutPlaybook(
      lent,
      session,
      { playbook: PLAYBOOKS[name], earlier: [] },
      'allowed',
    )
    if ('kind' in carried) return carried
    return {
      rehearsal: { playbook: name, scenario, ...stagesOf(name, carried) },
      // Typed after it, the next steps are for this incident and not for a live gateway.
      carried: { ...carried, findings: findingsHere(carried.findings, lent) },
      requests: { ...session.gateway.tally },
    }
  } finally {
    await session.close()
    await rm(stateDir, { recursive: true, force: true })
  }
}

/** Nothing of a rehearsal is kept among the real runs, and its chances are those of the seed. */
function rehearsalWorld(world: World, stateDir: string, seed: number): World {
  return { ...world, stateDir, random: mulberry32(seed) }
}

/** A small generator of good enough chances (T. Ettinger, public domain); the same seed gives the same sequence. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

function stagesOf(
  name: PlaybookName,
  { before, findings }: Carried,
): Omit<Rehearsal, 'playbook' | 'scenario'> {
  const stage = (step: string) => findings.find(({ id }) => id === `${name}.${step}`)
  const symptom = before.find(({ outcome }) => outcome === 'fail')
  return {
    symptom: symptom ? { outcome: 'fail', saw: symptom.saw } : null,
    applied: saidOf(stage('applied')),
    verified: saidOf(stage('verified')),
  }
}

function saidOf(finding: Finding | undefined) {
  return finding ? { outcome: finding.outcome, saw: finding.saw } : null
}

function findingFor({ rehearsal }: Rehearsed): Finding {
  return findingOf(REHEARSAL_CHECK, REHEARSAL_CHECK.judge(rehearsal), 0)
}

function rehearsalTable(done: readonly Rehearsed[]): Attachment {
  return {
    kind: 'table',
    title: 'rehearsed',
    columns: [
      { name: 'playbook', align: 'left' },
      { name: 'scenario', align: 'left' },
      { name: 'symptom', align: 'left' },
      { name: 'change', align: 'left' },
      { name: 'verified', align: 'left' },
      { name: 'probes', align: 'right' },
    ],
    rows: done.map(({ rehearsal: { playbook, scenario, symptom, applied, verified }, requests }) => [
      playbook,
      scenario,
      symptom === null ? 'not seen' : 'seen',
      applied?.outcome === 'pass' ? 'made' : (applied?.outcome ?? 'none'),
      verified?.outcome === 'pass' ? 'yes' : (verified?.outcome ?? 'no'),
      String(requests.probes),
    ]),
  }
}
