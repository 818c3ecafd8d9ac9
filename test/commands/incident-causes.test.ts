import { describe, expect, it } from 'vitest'
import { CONFIGS, incident, incidentOf } from './incident-rig.ts'

const causes = ({ outcomes }: { outcomes: Readonly<Record<string, string>> }) =>
  Object.keys(outcomes).filter((id) => id.includes('.cause:'))

describe.concurrent('causes of an incident', () => {
  it('does not make a cause of a few server errors beside a quota that explains the rest', async () => {
    const ran = await incident('rate-limit --embedded=quota-pressure')
    expect(causes(ran)).toEqual(['rate-limit.cause:plan-quota.codex'])
  })

  it('names the share of the failures it means, and not of all', async () => {
    const ran = await incidentOf(
      'rate-limit',
      `configFile: ${CONFIGS}no-cooling.yaml
history:
  requests:
    - name: codex-plus
      from: 8m
      requests: 100
      failed:
        - { status: 429, count: 30, text: Rate limit reached }
        - { status: 500, count: 40, text: The server had an error }
`,
    )
    const saw = ran.finding('rate-limit.cause:upstream-errors.codex')?.saw
    const [, failures = '', requests = '', share = ''] =
      /, (\d+) of its last (\d+) requests \(([\d.]+) %\)/.exec(saw ?? '') ?? []
    expect(Number(share)).toBeCloseTo((100 * Number(failures)) / Number(requests), 0)
    expect(Number(failures)).toBeGreaterThan(10)
    expect(Number(failures)).toBeLessThanOrEqual(40)
  })

  it('does not say that the limit of one provider goes on because another has a burst', async () => {
    const ran = await incidentOf(
      'rate-limit',
      `configFile: ${CONFIGS}no-cooling.yaml
history:
  requests:
    - name: codex-plus
      from: 5m
      requests: 60
      failed:
        - { status: 429, count: 40, text: Rate limit reached }
    - name: claude
      from: 50m
      until: 40m
      requests: 30
      failed:
        - { status: 429, count: 4, text: Rate limit reached }
`,
    )
    expect(ran.outcomes['rate-limit.cause:short-limit.codex']).toBe('fail')
    expect(ran.outcomes['rate-limit.cause:short-limit.claude']).toBe('warn')
  })

  it('does not blame a provider of old refusals for clients with a wrong key', async () => {
    const ran = await incidentOf(
      'auth-failures',
      `configFile: ${CONFIGS}base.yaml
history:
  requests:
    - name: claude
      from: 50m
      until: 40m
      requests: 30
      failed:
        - { status: 401, count: 4, text: Invalid API key }
  noise:
    - { name: wrong-key, method: POST, path: /v1/responses, status: 401, from: 5m, every: 1m, count: 20, address: 10.0.0.23 }
`,
    )
    expect(ran.outcomes['auth-failures.cause:client-key.gateway']).toBe('fail')
    expect(ran.outcomes['auth-failures.cause:credential.claude']).toBe('warn')
  })

  it('has somebody wait for a quota of which nobody tells the end', async () => {
    const ran = await incident('rate-limit --embedded=quota-pressure')
    expect(ran.outcomes['rate-limit.first-back']).toBe('skip')
  })

  it('judges quota pressure as provops quota does', async () => {
    const ran = await incident('rate-limit --embedded=quota-pressure')
    expect(ran.outcomes['rate-limit.pressure:codex']).toBe('fail')
  })

  it('does not open auth-failures for a model that the account has not', async () => {
    const ran = await incident('--embedded=spark-listed-refused')
    expect(ran.outcomes['triage.playbook:auth-failures']).toBe('pass')
  })
})
