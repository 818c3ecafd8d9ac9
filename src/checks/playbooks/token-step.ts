import { maskFileName } from '../../analysis/quota/names.ts'
import type { SurveyedToken } from '../../analysis/tokens/directory.ts'
import type { TokenState } from '../../analysis/tokens/state.ts'
import type { Judgement } from '../../core/check.ts'
import { counted, listed, printable, span } from '../../core/text.ts'
import type { IncidentContext } from './incident-context.ts'

/** What an operator should read of a token's life, and what to do about it. */
interface Life {
  readonly outcome: 'pass' | 'warn' | 'fail'
  readonly saw: string
  readonly next: string
}

const LOGIN = 'log in again for this account'

function lifeOf(state: TokenState, nowMs: number): Life {
  const ago = (atMs: number) => `${span(Math.max(0, nowMs - atMs))} ago`
  const inTime = (atMs: number) => `in ${span(Math.max(0, atMs - nowMs))}`
  switch (state.kind) {
    case 'valid':
      return {
        outcome: 'pass',
        saw: state.expiresMs === null ? 'valid' : `valid, ends ${inTime(state.expiresMs)}`,
        next: '',
      }
    case 'due':
      return { outcome: 'pass', saw: 'its renewal is due now', next: '' }
    case 'disabled':
      return { outcome: 'pass', saw: 'disabled', next: '' }
    case 'undated':
      return { outcome: 'pass', saw: 'tells neither when it ends nor when it was renewed', next: '' }
    case 'overdue':
      return {
        outcome: 'warn',
        saw: `its renewal was due ${ago(state.sinceMs)} and has not come`,
        next: 'look for refresh in the log; a login on another machine may have used the refresh token up',
      }
    case 'dying':
      return {
        outcome: 'warn',
        saw: `nothing can renew it, and it ends ${inTime(state.expiresMs)}`,
        next: LOGIN,
      }
    case 'clock':
      return {
        outcome: 'warn',
        saw: 'renewed moments ago and expired all the same',
        next: 'set the clocks of this machine and the gateway',
      }
    case 'expired':
      return { outcome: 'fail', saw: `expired ${ago(state.expiresMs)}`, next: LOGIN }
  }
}

/** Token files by themselves: expiry, overdue renewals, copies, permissions. Says nothing of the account at the provider. */
export async function judgeTokenFiles(context: IncidentContext): Promise<readonly Judgement[]> {
  const tokens = await context.readTokens()
  if (tokens.kind === 'untold')
    return [{ outcome: 'skip', subject: 'files', saw: tokens.reason, next: 'name it with --auth-dir' }]
  const { provider } = context.scope
  const wanted = tokens.value.tokens.filter(
    ({ credential }) => provider === null || credential.type === provider,
  )
  const nowMs = context.clock.nowMs()
  const unread = tokens.value.unread.map(({ name }) => printable(maskFileName(name), 60))
  return [
    ...wanted.map((token) => judgeFile(token, nowMs)),
    ...(unread.length === 0
      ? []
      : [
          {
            outcome: 'warn' as const,
            subject: 'files.unread',
            saw: `${counted(unread.length, 'file')} of the directory cannot be read as a token: ${listed(unread, 3)}`,
            expected: 'readable token files',
            why: 'the gateway makes no credential of them',
            next: 'see why: provops quota --auth-dir <directory>',
          },
        ]),
  ]
}

function judgeFile({ name, credential, state, copyOf }: SurveyedToken, nowMs: number): Judgement {
  const life = lifeOf(state, nowMs)
  const copy =
    copyOf === null
      ? ''
      : `; a copy of ${printable(maskFileName(copyOf, credential.email), 60)}: renewing one ends the other`
  const subject = `file.${printable(maskFileName(name, credential.email), 60)}`
  const saw = `${credential.type}: ${life.saw}${copy}`
  if (life.outcome === 'pass' && copyOf === null) return { outcome: 'pass', subject, saw }
  return {
    outcome: life.outcome === 'fail' ? 'fail' : 'warn',
    subject,
    saw,
    expected: 'a token that is valid and renewed in time, once per login',
    why: 'an account with it answers 401 as soon as its token has ended',
    next: life.next === '' ? 'remove the copy' : life.next,
  }
}
