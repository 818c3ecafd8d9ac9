import type { Fault, Gateway } from '../gateway/port.ts'
import type { Capabilities } from '../gateway/probe.ts'
import type { Invocation } from './invocation.ts'
import type { Session } from './session.ts'
import { State } from './state.ts'

const NOBODY: Fault = { kind: 'unreachable', code: 'OFFLINE', message: 'this run asks no gateway' }
const answerNobody = async () => ({ kind: 'fault', fault: NOBODY }) as const

const gateway: Gateway = {
  url: '',
  tally: { total: 0, probes: 0 },
  clientKeys: 0,
  hasManagementKey: false,
  get: answerNobody,
  send: answerNobody,
  stream: answerNobody,
  forget: () => {},
  close: async () => {},
}

const capabilities: Capabilities = {
  alive: async () => ({ kind: 'no-answer', fault: NOBODY, tried: [] }),
  auth: answerNobody,
  management: async () => ({ kind: 'no-key' }),
  lineage: async () => ({ family: 'unknown', certainty: 'none', evidence: [] }),
  ask: answerNobody,
  knownVersion: () => null,
}

/** The session of a command that judges files alone: whoever asks its gateway is told that nobody is there. */
export function offlineSession({ world, redactor }: Invocation): Session {
  return {
    kind: 'session',
    gateway,
    capabilities,
    keys: [],
    state: new State(world.stateDir, (text) => redactor.apply(text)),
    embedded: null,
    identity: async () => ({ kind: 'none', url: null, name: null, profile: null, version: null }),
    close: async () => {},
  }
}
