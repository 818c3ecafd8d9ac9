import { describe, expect, it } from 'vitest'
import { Flags, type Invocation } from '../../src/shell/invocation.ts'
import { commandHere, nextHere } from '../../src/shell/next-commands.ts'

const typed = (flags: Record<string, string>, args: readonly string[] = ['rate-limit']) =>
  ({ flags: new Flags(flags), args }) as unknown as Invocation

describe('next commands', () => {
  it('ask the gateway that was typed', () => {
    expect(nextHere('provops incident rate-limit --apply', typed({ gateway: 'prod' }))).toBe(
      'provops incident rate-limit -g prod --apply',
    )
  })

  it('stay as they are when nothing was typed', () => {
    const line = 'provops quota, or\nprovops incident rate-limit --apply'
    expect(nextHere(line, typed({}))).toBe(line)
  })

  it('name the embedded scenario in one word, and never leave it for a live gateway', () => {
    expect(nextHere('provops incident rate-limit --apply', typed({ embedded: '' }))).toBe(
      'provops incident rate-limit --embedded --apply',
    )
    expect(nextHere('provops quota', typed({ embedded: 'a b.yaml' }))).toBe(
      "provops quota --embedded='a b.yaml'",
    )
  })

  it('repeat what narrows the playbook for itself alone', () => {
    const run = typed({ provider: 'codex', 'config-file': 'c.yaml' })
    expect(nextHere('provops incident rate-limit --apply', run)).toBe(
      'provops incident rate-limit --config-file c.yaml \\\n--provider codex --apply',
    )
    expect(nextHere('provops incident auth-failures', run)).toBe(
      'provops incident auth-failures --config-file c.yaml',
    )
    expect(nextHere('provops quota', run)).toBe('provops quota')
  })

  it('do not repeat what stands there already, or what came from standard input', () => {
    const run = typed({ model: 'a', logs: '-', gateway: 'prod' }, ['missing-models'])
    expect(nextHere('provops incident missing-models --model b --probe', run)).toBe(
      'provops incident missing-models -g prod --model b --probe',
    )
  })

  it('do not repeat pipes that a shell opened for this run', () => {
    const run = typed({ 'api-key-file': '/dev/fd/63\nb.key', logs: '/dev/stdin' })
    expect(nextHere('provops quota', run)).toBe('provops quota --api-key-file b.key')
  })

  it('repeat each value of a flag that was typed several times, in words of a shell', () => {
    const run = typed({ 'api-key-file': "a\nb's", gateway: 'http://gw:8317' })
    expect(commandHere('provops quota', run)).toBe(
      "provops quota -g http://gw:8317 --api-key-file a --api-key-file 'b'\\''s'",
    )
  })

  it('are broken where a shell goes on, so that 80 columns hold them', () => {
    const next = nextHere(
      'provops incident rate-limit --apply',
      typed({
        gateway: 'http://gateway.internal:8317',
        'api-key-file': '/etc/provops/client.key',
        'management-key-file': '/etc/provops/management.key',
      }),
    )
    expect(next.split('\n')).toEqual([
      'provops incident rate-limit -g http://gateway.internal:8317 \\',
      '--api-key-file /etc/provops/client.key \\',
      '--management-key-file /etc/provops/management.key --apply',
    ])
  })

  it('are not broken by the prose before them, nor ended by a comma, when they take several lines', () => {
    const files = { 'api-key-file': '/etc/provops/client.key', 'auth-dir': '/var/lib/gateway/auths' }
    const line = 'route these workloads to another model: provops incident rate-limit, then ask again'
    expect(nextHere(line, typed(files)).split('\n')).toEqual([
      'route these workloads to another model:',
      'provops incident rate-limit \\',
      '--api-key-file /etc/provops/client.key \\',
      '--auth-dir /var/lib/gateway/auths;',
      'then ask again',
    ])
  })

  it('name the file that lint reads', () => {
    const line = 'provops lint --who glm'
    expect(nextHere(line, typed({ gateway: 'prod' }))).toBe('provops lint <config.yaml> --who glm')
    expect(nextHere(line, typed({ gateway: 'prod', 'config-file': 'c.yaml' }))).toBe(
      'provops lint --config-file c.yaml --who glm',
    )
  })

  it('stand below what they are for where both have no room on one line', () => {
    const far = typed({ gateway: 'http://gateway.example:8317' })
    expect(nextHere('see which key is refused: provops spark-check --probe', far)).toBe(
      'see which key is refused:\nprovops spark-check -g http://gateway.example:8317 --probe',
    )
    expect(nextHere('see why: provops daily-check', typed({}))).toBe('see why: provops daily-check')
  })

  it('take a change back at its gateway, with the keys of this run', () => {
    const files = typed({ gateway: 'prod', 'management-key-file': 'mgmt.key', embedded: 'healthy' }, [])
    expect(commandHere('provops undo reroute-20261123-120000-7f3a -g http://gw:8317', files)).toBe(
      'provops undo reroute-20261123-120000-7f3a -g http://gw:8317 --management-key-file mgmt.key',
    )
  })

  it('leave prose around them alone', () => {
    expect(
      nextHere(
        'provops incident, then ask again; provops undo takes it back',
        typed({ gateway: 'prod' }, []),
      ),
    ).toBe('provops incident -g prod, then ask again; provops undo takes it back')
  })
})
