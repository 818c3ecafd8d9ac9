import type { Check, Judgement } from '../core/check.ts'
import type { Clock } from '../core/clock.ts'
import { printable, span } from '../core/text.ts'
import type { Aliveness } from '../gateway/probe/alive.ts'
import type { Auth } from '../gateway/probe/auth.ts'
import type { Management } from '../gateway/probe/management.ts'
import { ROUTES } from '../wire/routes.ts'
import type { DailyContext } from './daily-context.ts'
import { subjectOf } from './models.ts'
import { type Asked, bodyWords, faultWords, unknownFrom, unreadable } from './replies.ts'

const aliveCheck: Check<DailyContext> = {
  id: 'gateway.alive',
  title: 'the gateway answers',
  group: 'gateway',
  asks: 'Does one of /healthz, /, /v1/models and /health prove that a gateway runs there? A 404 on one of them proves nothing: no version has them all.',
  why: 'It says that the process runs, and nothing about whether it can serve: that is models.listed.',
  cost: 'reads',
  fix: 'Check address and port, then the process and its log.',
  runbook: 'Daily Checks, 1 Health check',
  async ask({ capabilities }) {
    return judgeAlive(await capabilities.alive())
  },
}

const ALIVE_ASKED: Asked = {
  source: 'GET /healthz, /, /v1/models, /health',
  expected: 'an answer that only a gateway gives',
  why: 'nothing else can be asked of it',
}

function judgeAlive(alive: Aliveness): Judgement {
  switch (alive.kind) {
    case 'alive': {
      const missing = alive.tried.flatMap(({ route, result }) =>
        result.kind === 'ok' && result.value.status === 404 ? [ROUTES[route].path] : [],
      )
      const path = ROUTES[alive.by].path
      return {
        outcome: 'pass',
        saw: `${path} answered ${alive.reply.status}${missing.length > 0 ? ` (no ${missing.join(', ')} here)` : ''}`,
        source: `GET ${path}`,
        attempts: alive.reply.attempts,
      }
    }
    case 'no-answer':
      return unknownFrom(alive.fault, ALIVE_ASKED)
    case 'not-recognised':
      return {
        ...unreadable(alive.reply, '', ALIVE_ASKED),
        saw: `something answers there (${alive.reply.status}, ${bodyWords(alive.reply.body)}), and it is no gateway`,
      }
  }
}

const authCheck: Check<DailyContext> = {
  id: 'gateway.auth',
  title: 'the client key is accepted, and nobody gets in without one',
  group: 'gateway',
  asks: 'Does GET /v1/models let each client key in, and refuse a call without a key? Open gateways and safe mode are named.',
  why: 'A wrong key looks like an outage of every provider; an open gateway gives everybody your quota.',
  cost: 'reads',
  fix: 'Refused: compare the key with api-keys in config.yaml. Open: set api-keys. Safe mode: replace the sample key in api-keys.',
  runbook: 'Daily Checks, 2 Model inventory; Incident Playbooks, Repeated 401/403',
  needs: ['gateway.alive'],
  async ask({ capabilities, keys }) {
    return Promise.all(
      keys.map(async (key) => ({
        ...judgeAuth(await capabilities.auth(key.index)),
        ...subjectOf(key, keys),
      })),
    )
  },
}

const AUTH_ASKED: Asked = {
  source: 'GET /v1/models',
  expected: 'the key is let in, and a call without one is not',
  why: 'clients with this key are refused before any provider is asked',
}

function judgeAuth(auth: Auth): Judgement {
  switch (auth.kind) {
    case 'fault':
      return unknownFrom(auth.fault, AUTH_ASKED)
    case 'unclear':
      return unreadable(auth.reply, 'neither a list nor a refusal', AUTH_ASKED)
    case 'accepted':
      return acceptedAuth(auth)
    case 'open':
      return {
        ...AUTH_ASKED,
        outcome: 'warn',
        saw: 'open gateway: /v1/models answers without any key',
        why: 'whoever can reach this address can spend your quota, and no key can be told from another',
        next: 'set api-keys in config.yaml (it is reloaded at once), then provops lint',
      }
    case 'safe-mode':
      return {
        ...AUTH_ASKED,
        outcome: 'fail',
        saw: `safe mode: ${printable(auth.message, 120)}`,
        why: 'every client call is refused with 403 until the sample key is gone; /healthz stays 200 meanwhile',
        next: 'replace your-api-key-1, -2 and -3 in api-keys of config.yaml (it is reloaded at once)',
      }
    case 'no-key':
      return {
        ...AUTH_ASKED,
        outcome: 'unknown',
        cause: 'auth',
        saw: 'no client key was given, and this gateway wants one',
        why: 'without a key nothing behind the door can be judged',
        next: 'set PROVOPS_API_KEY, or give --api-key-file <path>',
      }
    case 'refused':
      return refusedAuth(auth)
  }
}

function acceptedAuth({ withoutKey, reply }: Auth & { kind: 'accepted' }): Judgement {
  const { source } = AUTH_ASKED
  const attempts = reply.attempts
  if (withoutKey === 'refused')
    return { outcome: 'pass', saw: 'accepted; refused without a key', source, attempts }
  return {
    ...AUTH_ASKED,
    outcome: 'warn',
    attempts,
    saw: 'accepted; the call without a key was neither let in nor refused',
    why: 'perhaps others get in without a key',
    next: `curl -sS -o /dev/null -w '%{http_code}' <gateway>/v1/models: anything but 401 deserves a look`,
  }
}

function refusedAuth({ by, text, reply }: Auth & { kind: 'refused' }): Judgement {
  const base = { ...AUTH_ASKED, outcome: 'fail', cause: 'auth', attempts: reply.attempts } as const
  if (by === 'gateway') {
    return {
      ...base,
      saw: `the gateway refuses this key: "${printable(text, 80)}"`,
      next: 'compare the key with api-keys in config.yaml of this gateway',
    }
  }
  return {
    ...base,
    saw: `refused with ${reply.status} and ${bodyWords(reply.body)}, not in the gateway's words`,
    why: 'somebody in front of the gateway, such as a proxy or a sign-in page, refuses',
    next: 'call the gateway past its proxy, or let the proxy pass this path',
  }
}

const versionCheck: Check<DailyContext> = {
  id: 'gateway.version',
  title: 'the management key is accepted and the version is known',
  group: 'gateway',
  asks: 'Does one management call with the key, tried once, tell the version? A refused key is never tried twice: five refusals ban this address for 30 minutes.',
  why: 'The management routes are the source of truth for credentials and their ten-minute counters.',
  cost: 'reads',
  fix: 'Refused: put the right key in place before the next run. Banned: wait, or restart the gateway.',
  runbook: 'Daily Checks, 1 Health check; Quota Visibility',
  needs: ['gateway.alive'],
  async ask({ capabilities, clock }) {
    return judgeManagement(await capabilities.management(), clock)
  },
}

const MANAGEMENT_ASKED: Asked = {
  source: 'GET /v0/management/debug',
  expected: 'the management key is accepted',
  why: 'without the management routes credentials and their counters cannot be seen',
}

/** Whether the management routes can be used, and why not. */
export function judgeManagement(management: Management, clock: Clock): Judgement {
  switch (management.kind) {
    case 'on':
      return {
        outcome: 'pass',
        saw:
          management.build.version === null
            ? 'management is on; no version told'
            : `version ${printable(management.build.version, 60)}`,
        source: MANAGEMENT_ASKED.source,
        data: { ...management.build },
      }
    case 'no-key':
      return {
        outcome: 'skip',
        saw: managementWords(management),
        next: 'set PROVOPS_MANAGEMENT_KEY, or give --management-key-file <path>',
      }
    case 'off':
      return {
        outcome: 'skip',
        saw: managementWords(management),
        next: 'set remote-management.secret-key in config.yaml to switch it on',
      }
    case 'remote-disabled':
      return {
        outcome: 'skip',
        saw: managementWords(management),
        next: "run provops on the gateway's machine, or set remote-management.allow-remote",
      }
    case 'key-not-set':
      return {
        outcome: 'skip',
        saw: managementWords(management),
        next: 'set remote-management.secret-key in config.yaml',
      }
    case 'fault':
      return unknownFrom(management.fault, MANAGEMENT_ASKED)
    case 'unclear':
      return unreadable(management.reply, 'no answer of a gateway', MANAGEMENT_ASKED)
    case 'refused':
      return {
        ...MANAGEMENT_ASKED,
        outcome: 'fail',
        cause: 'auth',
        saw: `${managementWords(management)}; it was tried once and will not be tried again in this run`,
        next: 'put the right management key in place first: five refusals ban this address for 30 minutes',
      }
    case 'banned':
      return banned(management, clock)
  }
}

function banned(management: Management & { kind: 'banned' }, clock: Clock): Judgement {
  const until =
    management.untilMs === null
      ? ''
      : `, until ${new Date(management.untilMs).toISOString().slice(11, 19)} UTC`
  const left = management.untilMs === null ? management.leftText : span(management.untilMs - clock.nowMs())
  return {
    ...MANAGEMENT_ASKED,
    outcome: 'fail',
    cause: 'auth',
    saw: `this address is banned for another ${left}${until}`,
    why: 'after five refusals the gateway refuses even the right key from this address, also for everybody else behind it',
    next: 'wait until then, or restart the gateway; then use the right key',
  }
}

/** Why the management routes cannot be used, for those who wanted to. */
export function managementWords(management: Exclude<Management, { kind: 'on' }>): string {
  switch (management.kind) {
    case 'no-key':
      return 'no management key was given'
    case 'off':
      return 'management is switched off'
    case 'remote-disabled':
      return "management is open only to the gateway's own machine"
    case 'key-not-set':
      return 'the gateway has no management key set'
    case 'refused':
      return `the management key was refused: "${printable(management.text, 80)}"`
    case 'banned':
      return `this address is banned for another ${management.leftText}`
    case 'unclear':
      return `the management route answered ${management.reply.status}`
    case 'fault':
      return `the management route: ${faultWords(management.fault).saw}`
  }
}

export const GATEWAY_CHECKS = [aliveCheck, authCheck, versionCheck] as const
