import { grouped } from '../analysis/quota/group.ts'
import type { UnreadReading } from '../analysis/tokens/directory.ts'
import type { Check, Judgement } from '../core/check.ts'
import { counted, groupedNumber, listed, shellWord } from '../core/text.ts'
import type { QuotaContext } from './quota-context.ts'
import { judgeDirectory, type SurveyedDirectory } from './token-directory.ts'
import { renewedCheck } from './token-renewal.ts'

const readableCheck: Check<QuotaContext> = {
  id: 'tokens.readable',
  title: 'every token file can be read',
  group: 'tokens',
  asks: 'Is every *.json at the top of the auth directory a JSON object with a `type`? A file that is broken is read once more a moment later, since the gateway writes in place.',
  why: 'The gateway leaves out a file that it cannot read, without a word, and the account is gone.',
  cost: 'files',
  fix: 'Log in again, which writes the file anew, or delete it.',
  runbook: 'Quota Visibility; Incident Playbooks, Repeated 401/403',
  ask: (context) => judgeDirectory(context, judgeReadable),
}

type UnreadKind = 'broken' | 'closed' | 'foreign'

interface UnreadWords {
  readonly outcome: 'fail' | 'warn' | 'unknown'
  readonly why: string
  readonly next: string
}

const UNREAD: Readonly<Record<UnreadKind, UnreadWords>> = {
  broken: {
    outcome: 'fail',
    why: 'the gateway leaves them out without a word, so these accounts are gone',
    next: 'log in again, which writes the file anew, or delete it',
  },
  closed: {
    outcome: 'unknown',
    why: 'a token that cannot be looked at may have run out',
    next: 'run as the user of the gateway, who may read them',
  },
  foreign: {
    outcome: 'warn',
    why: 'the gateway makes no credential of them',
    next: 'move files that are no tokens elsewhere, or log in again',
  },
}

function judgeReadable({ directory, survey, names }: SurveyedDirectory): Judgement[] {
  const total = directory.files.length
  const byKind = grouped(survey.unread, ({ reading }): UnreadKind => unreadKind(reading))
  const judgements = [...byKind].map(
    ([kind, files]): Judgement => ({
      ...UNREAD[kind],
      subject: kind,
      saw: `${files.length} of ${counted(total, 'file')}: ${listed(
        files.map(({ name, reading }) => `${names.ofFile(name)} (${readingWords(reading)})`),
        3,
      )}`,
      expected: 'token files that are JSON objects with a type',
    }),
  )
  if (directory.brokenCooldowns.length > 0) judgements.push(brokenCooldowns(directory.brokenCooldowns.length))
  if (directory.unopened > 0) judgements.push(unopened(directory.unopened))
  if (judgements.length > 0) return judgements
  const cooldowns =
    directory.cooldowns.length > 0 ? `, ${counted(directory.cooldowns.length, 'cooldown file')}` : ''
  return [{ outcome: 'pass', saw: `${counted(total, 'token file')}${cooldowns}` }]
}

function unreadKind(reading: UnreadReading): UnreadKind {
  if (reading.kind === 'unreadable') return 'broken'
  return reading.kind === 'closed' ? 'closed' : 'foreign'
}

function readingWords(reading: UnreadReading): string {
  switch (reading.kind) {
    case 'unreadable':
      return reading.reason === 'empty' ? 'empty' : 'no valid JSON'
    case 'closed':
      return reading.code
    case 'too-large':
      return `${groupedNumber(Math.round(reading.sizeBytes / 1024))} KiB, too large for a token`
    case 'skipped':
      return reading.reason === 'no-type' ? 'no type' : 'no JSON object'
  }
}

function brokenCooldowns(count: number): Judgement {
  return {
    outcome: 'warn',
    subject: 'cooldowns',
    saw: `${counted(count, 'cooldown file')} (.cds) that cannot be read`,
    expected: 'cooldown files as the gateway writes them',
    why: 'benches in them are not shown here, and a restart forgets them',
    next: 'delete them when the gateway is stopped',
  }
}

function unopened(count: number): Judgement {
  return {
    outcome: 'unknown',
    subject: 'unopened',
    saw: `${counted(count, 'file')} more than are opened at most`,
    expected: 'a directory of token files and nothing else',
    why: 'what was not opened may have run out',
    next: 'check that --auth-dir is the auth-dir of config.yaml',
  }
}

const loadedCheck: Check<QuotaContext> = {
  id: 'tokens.loaded',
  title: 'the gateway uses every token file',
  group: 'tokens',
  asks: 'Does auth-files list every token file of the directory?',
  why: 'A file that the gateway does not list is an account that nobody can use: a type it does not know, a lost watch, another directory.',
  cost: 'files',
  fix: 'Check auth-dir in config.yaml and the type of the file; a restart reads the directory anew.',
  runbook: 'Incident Playbooks, Missing Models in /v1/models',
  needs: ['quota.credentials'],
  async ask(context) {
    const { facts } = await context.view()
    return judgeDirectory(context, (it) => {
      if (facts.accounts.kind === 'untold')
        return { outcome: 'skip', saw: facts.accounts.reason, next: 'give a management key' }
      return judgeLoaded(it, new Set(facts.accounts.value.map(({ name }) => name)))
    })
  },
}

function judgeLoaded({ survey, directory, names }: SurveyedDirectory, known: ReadonlySet<string>): Judgement {
  const missing = survey.tokens.filter(({ name }) => !known.has(name))
  if (missing.length === 0)
    return survey.tokens.length === 0
      ? { outcome: 'skip', saw: 'no readable token file', next: 'see tokens.readable' }
      : {
          outcome: 'pass',
          saw: `${groupedNumber(survey.tokens.length)} of ${counted(survey.tokens.length, 'token file')} listed`,
        }
  const none = missing.length === survey.tokens.length
  return {
    outcome: 'warn',
    saw: none
      ? `none of ${counted(missing.length, 'token file')} is listed by the gateway`
      : `${missing.length} of ${counted(survey.tokens.length, 'token file')} not listed: ${listed(
          missing.map(({ name, credential }) => `${names.ofFile(name)} (${credential.type})`),
          3,
        )}`,
    expected: 'every token file in auth-files',
    why: none
      ? 'this is probably not the directory of this gateway'
      : 'nobody can use these accounts; newer gateways leave out types such as gemini, and a lost watch leaves out new files',
    next: none
      ? `compare auth-dir in config.yaml with ${directory.path}`
      : 'restart the gateway, which reads the directory anew; then look for the type in its documentation',
  }
}

const singleCheck: Check<QuotaContext> = {
  id: 'tokens.single',
  title: 'no login lies in two files',
  group: 'tokens',
  asks: 'Do two enabled files hold the same refresh token, or the same account of the same type?',
  why: 'Renewing one copy ends the other: refresh_token_reused, and then nobody is logged in.',
  cost: 'files',
  fix: 'Keep the one renewed last and delete the others; never copy a login to a second gateway.',
  runbook: 'Incident Playbooks, Repeated 401/403',
  ask: (context) => judgeDirectory(context, judgeSingle),
}

function judgeSingle({ survey, names }: SurveyedDirectory): Judgement {
  const copies = survey.tokens.flatMap(({ name, copyOf }) => (copyOf === null ? [] : [{ name, copyOf }]))
  if (copies.length === 0)
    return { outcome: 'pass', saw: `no copy among ${counted(survey.tokens.length, 'login')}` }
  const pairs = copies.map(({ name, copyOf }) => `${names.ofFile(name)} is a copy of ${names.ofFile(copyOf)}`)
  return {
    outcome: 'warn',
    saw: listed(pairs, 3),
    expected: 'one file per login',
    why: 'the renewal of one copy ends the other (refresh_token_reused)',
    next: 'keep the file renewed last and delete the other; when both are dead, log in again once',
    data: {
      copies: copies.map(({ name, copyOf }) => ({ name: names.ofFile(name), copyOf: names.ofFile(copyOf) })),
    },
  }
}

const privateCheck: Check<QuotaContext> = {
  id: 'tokens.private',
  title: 'only the gateway can read the tokens',
  group: 'tokens',
  asks: 'Can other users of this machine read a token file, through its own permissions and those of every directory above it?',
  why: 'Whoever reads the file has the account.',
  cost: 'files',
  fix: 'chmod 700 the directory, chmod 600 the files.',
  runbook: 'Quota Visibility',
  ask: (context) => judgeDirectory(context, judgePrivate),
}

function judgePrivate({ survey, directory, names }: SurveyedDirectory): Judgement {
  const open = survey.exposures.filter(({ exposure }) => exposure === 'world' || exposure === 'group')
  const told = survey.exposures.filter(({ exposure }) => exposure !== 'unknown')
  if (told.length === 0)
    return {
      outcome: 'skip',
      saw: 'this system tells no permissions',
      next: 'look at the permissions of the directory by hand',
    }
  if (open.length === 0) return { outcome: 'pass', saw: `${counted(told.length, 'file')} closed to others` }
  const world = open.filter(({ exposure }) => exposure === 'world')
  const [who, files] =
    world.length > 0 ? ['everybody on this machine', world] : ['the group of the file', open]
  return {
    outcome: 'warn',
    saw: `${files.length} of ${counted(told.length, 'file')} open to ${who}: ${listed(
      files.map(({ name }) => names.ofFile(name)),
      3,
    )}`,
    expected: 'files that only their owner can read',
    why: 'whoever reads the file has the account; login writers leave 0644, and only a 0700 directory covers that',
    next: `chmod 700 ${shellWord(directory.path)}`,
  }
}

/** Token files of the auth directory; none of them asks the gateway for more than what it lists. */
export const TOKEN_CHECKS: readonly Check<QuotaContext>[] = [
  readableCheck,
  renewedCheck,
  loadedCheck,
  singleCheck,
  privateCheck,
]
