import { CredentialNames } from '../analysis/quota/names.ts'
import { type AuthDirectory, type Survey, surveyTokens } from '../analysis/tokens/directory.ts'
import type { Judgement } from '../core/check.ts'
import type { QuotaContext } from './quota-context.ts'

/** A directory of token files with at least one of them. */
export interface SurveyedDirectory {
  readonly directory: AuthDirectory
  readonly survey: Survey
  readonly names: CredentialNames
}

/** Judges the directory; where there is none to look at, says why. */
export async function judgeDirectory(
  context: QuotaContext,
  judge: (it: SurveyedDirectory) => Judgement | readonly Judgement[],
): Promise<Judgement | readonly Judgement[]> {
  const reading = await context.directory()
  if (reading.kind === 'none') return { outcome: 'skip', saw: reading.saw, next: reading.next }
  if (reading.kind === 'unreadable') {
    const { saw, source, next } = reading
    return {
      outcome: 'unknown',
      saw,
      source,
      expected: 'a directory of readable token files',
      why: 'a token that cannot be looked at may have run out',
      next,
    }
  }
  const { directory } = reading
  const source = directory.path
  if (directory.files.length === 0)
    return {
      outcome: 'skip',
      saw: `no token file in ${directory.path}`,
      source,
      next: 'give the auth-dir of config.yaml with --auth-dir',
    }
  const judged = judge({
    directory,
    survey: surveyTokens(directory),
    names: directoryNames(directory, context.emails),
  })
  const judgements = Array.isArray(judged) ? judged : [judged as Judgement]
  return judgements.map((judgement: Judgement) => ({ source, ...judgement }))
}

function directoryNames({ files }: AuthDirectory, emails: QuotaContext['emails']): CredentialNames {
  return new CredentialNames(
    emails,
    files.map(({ name, reading }) => ({
      name,
      email: reading.kind === 'credential' ? reading.credential.email : null,
    })),
  )
}
