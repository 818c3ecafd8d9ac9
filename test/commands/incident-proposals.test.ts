import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { provops } from './cli.ts'
import { CONFIGS, incident, incidentOf } from './incident-rig.ts'

const config = (name: string) => readFileSync(`${CONFIGS}${name}.yaml`, 'utf8')

/** Every lever at once: retries, one credential that takes all, and a second provider of the limited model. */
const CROWDED = config('no-cooling')
  .replace('request-retry: 0', 'request-retry: 3')
  .replace('strategy: "round-robin"', 'strategy: "fill-first"')
  .replace('alias: "nemotron"', 'alias: "nemotron"\n      - name: "nvidia/glm"\n        alias: "glm"')

const LIMITED = `configFile: config.yaml
upstreams:
  - name: aggregator
    rules:
      - { fault: rate-limited }
  - name: nvidia
    models: [nvidia/nemotron-3, nvidia/glm]
history:
  requests:
    - name: limited
      from: 12m
      every: 1m
      provider: aggregator
      credential: sk-agg-demo-1
      model: glm
      endpoint: chat
      requests: 30
      failed:
        - { status: 429, count: 11, text: Rate limit reached for requests }
`

const crowded = (line: string) => incidentOf(`rate-limit ${line}`, LIMITED, { 'config.yaml': CROWDED })

describe.concurrent('a proposal of an incident', () => {
  it('stands in the order of what it touches', async () => {
    const ran = await crowded('')
    const proposals = Object.entries(ran.outcomes).filter(([id]) => id.startsWith('rate-limit.proposal:'))
    expect(proposals).toEqual([
      ['rate-limit.proposal:retries', 'fail'],
      ['rate-limit.proposal:spread', 'warn'],
      ['rate-limit.proposal:priority', 'warn'],
      ['rate-limit.proposal:exclude', 'warn'],
      ['rate-limit.proposal:person', 'warn'],
    ])
    expect(ran.finding('rate-limit.load')?.saw).toContain('no limit of concurrency; request-retry 3')
    expect(ran.finding('rate-limit.proposal:person')).toMatchObject({
      why: 'no change of the gateway does this',
      next: expect.stringContaining('add a key with a limit of its own'),
    })
  })

  it.for([
    ['', ['-request-retry: 3', '+request-retry: 0']],
    ['--proposal retries', ['-request-retry: 3', '+request-retry: 0']],
    ['--proposal spread', ['- strategy: "fill-first"', '+ strategy: "round-robin"']],
    ['--proposal priority', ['+ priority: -1']],
    ['--proposal exclude', ['- - name: "z-ai/glm-4.7"', '- alias: "glm"']],
  ] as const)('is carried out alone: --apply %s', async ([choice, changed]) => {
    const ran = await crowded(`--apply --yes ${choice}`)
    expect(ran.outcomes['rate-limit.applied']).toBe('pass')
    expect(ran.changed).toEqual(changed)
  })

  it('that only lowers the load is not called a cure before there was traffic', async () => {
    const ran = await crowded('--apply --yes --proposal retries')
    expect(ran.finding('rate-limit.applied')?.saw).toContain('shows request-retry 0')
    expect(ran.outcomes['rate-limit.verified']).toBe('unknown')
    expect(ran.finding('rate-limit.verified')?.next).toMatch(
      /^after \S+:\sprovops incident rate-limit .*--since \S+Z$/s,
    )
    expect(ran.code).toBe(1)
  })

  it('that makes another provider answer is proven by its answer', async () => {
    const ran = await crowded('--apply --yes --proposal priority')
    expect(ran.outcomes['rate-limit.verified']).toBe('pass')
    expect(ran.code).toBe(0)
  })

  it('that takes a model away from clients is made by its name alone', async () => {
    const line = 'rate-limit --embedded=429-burst-ongoing --apply --yes'
    const unnamed = await incident(line)
    expect(unnamed.changed).toEqual([])
    expect(unnamed.outcomes['rate-limit.applied']).toBeUndefined()
    expect(unnamed.finding('rate-limit.handover')?.next).toContain('--apply --proposal exclude')
    expect(unnamed.code).toBe(5)
    const named = await incident(`${line} --proposal exclude`)
    expect(named.changed).toEqual(['- - name: "z-ai/glm-4.7"', '- alias: "glm"'])
    expect(named.finding('rate-limit.verified')).toMatchObject({
      outcome: 'pass',
      saw: expect.stringContaining('glm no longer listed, and the gateway refuses it itself'),
    })
    expect(named.code).toBe(0)
  })

  it('hides a model of an account with oauth-excluded-models', async () => {
    const ran = await incident('rate-limit --embedded=quota-pressure --apply --yes --proposal exclude')
    expect(ran.changed).toEqual([
      '+oauth-excluded-models:',
      '+ codex:',
      expect.stringMatching(/^\+ - "?gpt-/),
    ])
    expect(ran.outcomes['rate-limit.verified']).toBe('pass')
  })

  it('hides the model of --model at a key with excluded-models', async () => {
    const limited = LIMITED.replace('provider: aggregator', 'provider: claude')
      .replace('credential: sk-agg-demo-1', 'credential: sk-ant-demo-1')
      .replace('model: glm', 'model: claude-haiku-4-5')
      .replace('endpoint: chat', 'endpoint: messages')
    const ran = await incidentOf(
      'rate-limit --model claude-haiku-4-5 --apply --yes --proposal exclude',
      limited,
      { 'config.yaml': config('no-cooling') },
    )
    expect(ran.changed).toEqual(['+ excluded-models:', '+ - "claude-haiku-4-5"'])
    expect(ran.outcomes['rate-limit.verified']).toBe('pass')
  })

  it('ends all stale benches at once, and touches no configuration', async () => {
    const ran = await incident('rate-limit --embedded=stale-cooldown --apply --yes')
    expect(ran.finding('rate-limit.applied')?.saw).toContain('the bench of 2 accounts ended')
    expect(ran.changed).toEqual([])
    expect(ran.outcomes['rate-limit.verified']).toBe('pass')
    expect(ran.code).toBe(0)
  })

  it('is followed by one handover that tells what had been found', async () => {
    const ran = await incident('rate-limit --embedded=stale-cooldown --apply --yes')
    expect(ran.report.findings.filter(({ title }) => title === 'nothing needs to be changed')).toEqual([])
    expect(ran.finding('rate-limit.handover')).toMatchObject({
      outcome: 'warn',
      saw: expect.stringMatching(/^mitigated; before the change: /),
      data: { before: expect.arrayContaining([expect.objectContaining({ id: 'rate-limit.symptom' })]) },
    })
  })

  it.for([
    [
      'rate-limit --embedded=stale-cooldown --apply --yes --proposal retries',
      'it proposes reset, fallback. Nothing was changed',
    ],
    ['rate-limit --embedded=stale-cooldown --proposal reset', '--apply is not given'],
  ] as const)('is refused when nothing proposes it: %s', async ([line, said]) => {
    const { stderr, code } = await provops(`incident ${line}`, { nowMs: null })
    expect(stderr).toContain(said)
    expect(code).toBe(2)
  })
})
