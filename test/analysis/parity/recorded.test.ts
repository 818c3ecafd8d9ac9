import { describe, expect, it } from 'vitest'
import { judgeParity } from '../../../src/analysis/parity/judge.ts'
import type { ParityVerdict } from '../../../src/analysis/parity/verdict.ts'
import { type RecordedAnswer, readRecorded, recordedAnswers } from '../../wire/recordings.ts'

interface RecordedPair {
  readonly plain: RecordedAnswer
  readonly stream: RecordedAnswer
}

const recordings = recordedAnswers()

/** Every `…-plain` with its `…-stream`. */
const pairs = recordings.flatMap((plain): RecordedPair[] => {
  const name = plain.name.replace(/plain$/, 'stream')
  const stream = recordings.find((other) => other.folder === plain.folder && other.name === name)
  return plain.asked === 'plain' && name !== plain.name && stream !== undefined ? [{ plain, stream }] : []
})

function named({ plain }: RecordedPair, pattern: RegExp): boolean {
  return pattern.test(plain.what)
}

async function judge({ plain, stream }: RecordedPair): Promise<ParityVerdict> {
  const { endpoint, model } = plain
  return judgeParity({
    endpoint,
    model,
    plain: await readRecorded(plain),
    stream: await readRecorded(stream),
  })
}

/** The verdicts by recording, for those whose name fits. */
async function verdicts(
  folders: readonly string[],
  pattern: RegExp,
): Promise<Record<string, ParityVerdict['kind']>> {
  const found: Record<string, ParityVerdict['kind']> = {}
  for (const recorded of pairs) {
    const { folder, name } = recorded.plain
    if (folders.includes(folder) && named(recorded, pattern))
      found[`${folder}/${name}`] = (await judge(recorded)).kind
  }
  expect(Object.keys(found).length).toBeGreaterThan(0)
  return found
}

const others = (found: Record<string, string>, ...expected: string[]) =>
  Object.entries(found).filter(([, kind]) => !expected.includes(kind))

const CURRENT = ['upstream', 'fork']

describe('a recorded pair of a current gateway', () => {
  it('passes when the provider counts the same', async () => {
    const sound = /^(?:plain|tool-call-plain|reasoning-plain|usage-cached-plain|account-plain)$/
    expect(others(await verdicts(CURRENT, sound), 'pass')).toEqual([])
  })

  it('passes with a model that was not asked for, and says so', async () => {
    const found = pairs.filter(
      (recorded) => named(recorded, /^wrong-model-plain$/) && CURRENT.includes(recorded.plain.folder),
    )
    for (const recorded of found) {
      const verdict = await judge(recorded)
      expect(verdict).toMatchObject({ kind: 'pass' })
      if (recorded.plain.endpoint === 'messages') {
        expect(verdict).toMatchObject({ notes: [{ kind: 'other-model', named: 'some-other-model-1' }] })
      }
    }
  })

  it('fails when usage is lost, null or zero', async () => {
    expect(others(await verdicts(CURRENT, /^usage-(?:missing|null|zero)-plain$/), 'fail')).toEqual([])
  })

  it('fails when the provider counts streams otherwise', async () => {
    // Codex providers are always asked for a stream, so both answers come from one.
    const found = await verdicts(CURRENT, /^usage-diff-plain$/)
    const codex = Object.entries(found).filter(([name]) => name.includes('-codex-'))
    expect(codex.map(([, kind]) => kind)).toEqual(codex.map(() => 'pass'))
    const compared = Object.fromEntries(Object.entries(found).filter(([name]) => !name.includes('-codex-')))
    expect(others(compared, 'fail')).toEqual([])
  })

  it('is explained when the stream broke, and unknown when the plain answer broke too', async () => {
    expect(others(await verdicts(CURRENT, /^(?:cut|cut-reset)-plain$/), 'unknown')).toEqual([])
    const found = await verdicts(CURRENT, /^error-in-stream-plain$/)
    expect(others(found, 'explained', 'unknown')).toEqual([])
    expect(Object.values(found)).toContain('explained')
  })

  it('is unknown when the request was refused or answered with a page', async () => {
    const refused = /^(?:401|403-html|404|429|500|503-html|529|close|html|badjson|cut-empty|spark)-plain$/
    expect(others(await verdicts(CURRENT, refused), 'unknown')).toEqual([])
  })
})

describe('a recorded pair of an old gateway', () => {
  it('fails where streams from OpenAI-compatible providers carry no usage', async () => {
    const found = pairs.filter(
      ({ plain }) => plain.folder === 'forkold' && /^(?:chat|responses)-plain$/.test(plain.name),
    )
    expect(found).toHaveLength(2)
    for (const recorded of found) {
      const { faults } = (await judge(recorded)) as ParityVerdict & { kind: 'fail' }
      expect(faults).toContainEqual({ kind: 'missing', field: 'input', where: 'stream' })
    }
  })

  it('fails where streams say that nothing was counted', async () => {
    const found = pairs.filter(({ plain }) => plain.folder === 'forkold' && plain.name === 'messages-plain')
    for (const recorded of found) {
      expect(await judge(recorded)).toMatchObject({
        faults: [
          { kind: 'zero', field: 'input', where: 'stream' },
          { kind: 'zero', field: 'output', where: 'stream' },
        ],
      })
    }
    expect(found).toHaveLength(1)
  })

  it('is unknown where answers come in another endpoint’s shape', async () => {
    const found = await verdicts(['fork693'], /^plain$/)
    expect(others(found, 'unknown', 'pass')).toEqual([])
    expect(Object.values(found)).toContain('unknown')
  })
})
