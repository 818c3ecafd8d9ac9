import { span } from '../core/text.ts'
import type { Invocation } from './invocation.ts'
import { type CommandResult, usageError } from './result.ts'
import { SCHEMAS } from './schemas.ts'
import type { SettingName, Settings } from './settings.ts'

/** `provops config show|schema`. */
export async function runConfigCommand(invocation: Invocation): Promise<CommandResult> {
  const [action = ''] = invocation.args
  if (action === 'show') return { kind: 'text', text: showConfig(invocation) }
  if (action === 'schema')
    return { kind: 'text', text: `${JSON.stringify(SCHEMAS['provops.schema.json'](), null, 2)}\n` }
  return usageError(`there is no \`config ${action}\``, 'provops config show, or provops config schema')
}

const DURATIONS: ReadonlySet<SettingName> = new Set(['timeout', 'deadline', 'since'])

interface Shown {
  readonly name: string
  readonly value: unknown
  readonly from: string
}

function showConfig({ settings, world, config, configPaths }: Invocation): string {
  const rows = [
    ...settingRows(settings),
    ...keyRows(world.env),
    ...thresholdRows(settings, config?.path ?? null),
  ]
  if (settings.values.output === 'json') return `${JSON.stringify(rows, null, 2)}\n`
  const nameWidth = Math.max(...rows.map(({ name }) => name.length))
  const valueWidth = Math.max(...rows.map(({ value }) => String(value).length))
  const lines = rows.map(
    ({ name, value, from }) => `${name.padEnd(nameWidth)}  ${String(value).padEnd(valueWidth)}  ${from}`,
  )
  const files = configPaths.map((path) => `${path}${path === config?.path ? ' (used)' : ''}`)
  return `${lines.join('\n')}\n\nprovops.yaml is looked for at: ${files.join(', ')}\n`
}

function settingRows({ values, origins }: Settings): Shown[] {
  return (Object.keys(values) as SettingName[]).map((name) => {
    const value = values[name]
    const shown =
      typeof value === 'number' && DURATIONS.has(name)
        ? span(value)
        : Array.isArray(value)
          ? value.join(', ') || '-'
          : (value ?? '-')
    return { name, value: shown, from: origins[name] }
  })
}

/** Keys given in variables: that they are there, not what they are. */
function keyRows(env: Readonly<Record<string, string | undefined>>): Shown[] {
  return ['PROVOPS_API_KEY', 'PROVOPS_MANAGEMENT_KEY'].map((name) => ({
    name,
    value: env[name] ? '(set)' : '-',
    from: env[name] ? `$${name}` : 'default',
  }))
}

function thresholdRows({ thresholds }: Settings, path: string | null): Shown[] {
  return Object.entries(thresholds).map(([name, limit]) => ({
    name: `thresholds.${name}`,
    value: `warn ${limit.warnAbove * 100} %, critical ${limit.criticalAbove * 100} %, ${span(limit.windowMs)}, at least ${limit.minRequests} requests`,
    from: path === null ? 'default' : `${path}, default`,
  }))
}
