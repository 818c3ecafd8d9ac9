import { readFile } from 'node:fs/promises'
import { managementWords } from '../checks/gateway.ts'
import { faultWords } from '../checks/replies.ts'
import type { ConfigText } from '../checks/spark-mitigation.ts'
import { errorCode } from '../core/error-code.ts'
import type { Invocation } from './invocation.ts'
import { expandPath } from './paths.ts'
import type { Session } from './session.ts'

const HOW = "give the gateway's config.yaml with --config-file, or a management key"

/** The gateway's configuration: the file named, the embedded gateway's, or what the management route shows. */
export async function readConfigText(
  { world, settings }: Invocation,
  { embedded, capabilities }: Session,
): Promise<ConfigText> {
  const named = settings.values['config-file']
  const path = named === null ? (embedded?.configFile ?? null) : expandPath(named, world.home, world.cwd)
  if (path !== null) {
    try {
      return { kind: 'text', text: await readFile(path, 'utf8'), source: path }
    } catch (error) {
      return {
        kind: 'none',
        saw: `${path} cannot be read: ${errorCode(error) ?? 'error'}`,
        next: HOW,
      }
    }
  }
  const answer = await capabilities.ask('configYaml')
  switch (answer.kind) {
    case 'no-management':
      return { kind: 'none', saw: managementWords(answer.management), next: HOW }
    case 'not-offered':
      return { kind: 'none', saw: 'this gateway does not show its configuration', next: HOW }
    case 'fault':
      return { kind: 'none', ...faultWords(answer.fault) }
    case 'reply': {
      const { status, body } = answer.reply
      if (status !== 200 || !('text' in body))
        return { kind: 'none', saw: `the management route answered ${status}`, next: HOW }
      return { kind: 'text', text: body.text, source: 'GET /v0/management/config.yaml' }
    }
  }
}
