import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/shell/config-file.ts'
import { resolveSettings, type SettingSources } from '../../src/shell/settings.ts'

function file(text: string) {
  const reading = parseConfig(text, 'provops.yaml')
  if (reading.kind !== 'config') throw new Error(JSON.stringify(reading.problems))
  return reading.file
}

function resolve(sources: Partial<SettingSources>) {
  const result = resolveSettings({ flags: {}, env: {}, file: null, ...sources })
  if (result.kind !== 'settings') throw new Error(JSON.stringify(result.problems))
  return result.settings
}

const CONFIG = `gateway: prod
timeout: 3s
gateways:
  prod:
    url: https://gw.example.com
    time-zone: Asia/Shanghai
time-zone: UTC
thresholds:
  error-ratio:
    warn-above: 1%
`

describe('settings', () => {
  it('come from the flag, else the environment, else the file, else the default, and say from where', () => {
    const config = file(CONFIG)
    const env = { PROVOPS_TIMEOUT: '4s' }
    const origin = (sources: Partial<SettingSources>) => {
      const { values, origins } = resolve(sources)
      return [values.timeout, origins.timeout]
    }
    expect(origin({ flags: { timeout: '5s' }, env, file: config })).toEqual([5000, '--timeout'])
    expect(origin({ env, file: config })).toEqual([4000, '$PROVOPS_TIMEOUT'])
    expect(origin({ file: config })).toEqual([3000, 'provops.yaml:2'])
    expect(origin({})).toEqual([10_000, 'default'])
  })

  it('take a named gateway, and its own entry before the one for all', () => {
    const settings = resolve({ file: file(CONFIG) })
    expect(settings.gatewayName).toBe('prod')
    expect([settings.values.tz, settings.origins.tz]).toEqual(['Asia/Shanghai', 'provops.yaml:6'])
    expect(resolve({ file: file(CONFIG), flags: { gateway: 'http://other' } }).values.tz).toBe('UTC')
  })

  it('merge single limits into the default thresholds', () => {
    expect(resolve({ file: file(CONFIG) }).thresholds['error-ratio']).toEqual({
      warnAbove: 0.01,
      criticalAbove: 0.05,
      windowMs: 600_000,
      minRequests: 20,
    })
  })

  it('report every wrong value at once, each with where it stands and what would be right', () => {
    const result = resolveSettings({
      flags: { timeout: '10' },
      env: { PROVOPS_TZ: 'Nowhere/City' },
      file: null,
    })
    expect(result).toEqual({
      kind: 'wrong',
      problems: [
        { origin: '--timeout', text: '10', expected: 'a duration with a unit, such as 250ms, 30s, 10m, 24h' },
        {
          origin: '$PROVOPS_TZ',
          text: 'Nowhere/City',
          expected: 'a time zone such as Asia/Shanghai, UTC or +08:00',
        },
      ],
    })
  })
})

describe('provops.yaml', () => {
  it.each([
    [
      'gatway: x\n',
      [{ line: 1, column: 1, path: 'gatway', message: 'unknown key "gatway"; did you mean "gateway"?' }],
    ],
    [
      'gateways:\n  a:\n    url: http://x\n    key-fil: y\n',
      [
        {
          line: 4,
          column: 5,
          path: 'gateways.a.key-fil',
          message: 'unknown key "key-fil"; did you mean "key-file"?',
        },
      ],
    ],
    [
      'timeout: soon\n',
      [
        {
          line: 1,
          column: 1,
          path: 'timeout',
          message: 'expected a duration with a unit, such as 250ms, 30s, 10m, 24h',
        },
      ],
    ],
    ['expect-models: gpt\n', [{ line: 1, column: 1, path: 'expect-models', message: 'expected a list' }]],
    ['gateways:\n  a: {}\n', [{ line: 2, column: 3, path: 'gateways.a.url', message: 'expected a text' }]],
    ['- a\n', [{ line: 1, column: 1, path: '', message: 'expected a map' }]],
  ])('refuses %j with its line and what would be right', (text, problems) => {
    expect(parseConfig(text, 'provops.yaml')).toEqual({ kind: 'refused', path: 'provops.yaml', problems })
  })

  it('refuses broken YAML and a key given twice, with the line', () => {
    expect(parseConfig('a: [1\nb: 2\n', 'f')).toMatchObject({ kind: 'refused', problems: [{ line: 2 }] })
    expect(parseConfig('timeout: 1s\ntimeout: 2s\n', 'f')).toMatchObject({
      kind: 'refused',
      problems: [{ line: 2 }],
    })
  })

  it('is one document', () => {
    expect(parseConfig('timeout: 1s\n---\ntimeout: 2s\n', 'f')).toMatchObject({
      problems: [{ line: 2, message: 'a second document begins here, and only one is read' }],
    })
  })

  it('may be empty', () => {
    expect(parseConfig('', 'f').kind).toBe('config')
    expect(parseConfig('# nothing yet\n', 'f').kind).toBe('config')
  })
})
