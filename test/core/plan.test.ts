import { describe, expect, it } from 'vitest'
import type { CheckInfo } from '../../src/core/check.ts'
import { planChecks } from '../../src/core/plan.ts'

const catalogue: readonly CheckInfo[] = [
  'gateway.alive',
  'gateway.auth',
  'models.listed',
  'models.drift',
  'logs.bursts',
].map((id) => ({
  id,
  title: '',
  group: id.split('.')[0] ?? '',
  asks: '',
  why: '',
  cost: 'reads',
  fix: '',
  runbook: '',
}))

function ids(only: string[], skip: string[] = []): string[] {
  const plan = planChecks(catalogue, { only, skip })
  return plan.kind === 'planned' ? plan.checks.map((check) => check.id) : []
}

describe('a selection of checks', () => {
  it('is everything when nothing is chosen', () => {
    expect(ids([])).toEqual(catalogue.map((check) => check.id))
  })

  it('takes ids, groups and globs, in the order of the catalogue', () => {
    expect(ids(['models', 'gateway.alive'])).toEqual(['gateway.alive', 'models.listed', 'models.drift'])
    expect(ids(['*.auth', 'logs.*'])).toEqual(['gateway.auth', 'logs.bursts'])
  })

  it('leaves out what is skipped', () => {
    expect(ids(['models'], ['models.drift'])).toEqual(['models.listed'])
  })

  it('takes a finding id with its subject', () => {
    const plan = planChecks(catalogue, { only: ['logs.bursts:429'], skip: [] })
    expect(plan).toMatchObject({ kind: 'planned', checks: [{ id: 'logs.bursts' }] })
    expect(plan.kind === 'planned' && [...(plan.subjects.get('logs.bursts') ?? [])]).toEqual(['429'])
  })

  it('refuses a word that matches nothing and names the nearest ids', () => {
    expect(planChecks(catalogue, { only: ['model.listed'], skip: [] })).toEqual({
      kind: 'unmatched',
      patterns: [{ pattern: 'model.listed', nearest: ['models.listed'] }],
    })
    expect(planChecks(catalogue, { only: [], skip: ['zzzzzzzz'] })).toEqual({
      kind: 'unmatched',
      patterns: [{ pattern: 'zzzzzzzz', nearest: [] }],
    })
  })

  it('refuses a selection that leaves nothing to ask', () => {
    expect(planChecks(catalogue, { only: ['models'], skip: ['models.*'] }).kind).toBe('nothing-left')
  })
})
