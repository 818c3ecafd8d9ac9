import { span } from '../core/text.ts'
import type { Invocation } from './invocation.ts'
import { type CommandResult, usageError } from './result.ts'
import { SCHEMAS } from './schemas.ts'
import type { SettingName, Settings } from './settings.ts'
import type { Since } from './values.ts'

/** `provops config show|schema`. */
export async function runConfigCommand(invocation: Invocation): Promise<CommandResult> {
  const [action = ''] = invocation.args
  if (action === 'show') return { kind: 'text', text: showConfig(invocation) }
  if (action === 'schema')
    return { kind: 'text', text: `${JSON.stringify(SCHEMAS['provops.schema.json'](), null, 2)}\n` }
  return usageError(`there is no \`config ${action}\``, 'provops config show, or provops config schema')
}

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
  return (Object.keys(values) as SettingName[]).map((name) => ({
    name,
    value: shownValue(values[name]),
    from: origins[name],
  }))
}

/** Every number among the settings is a duration in milliseconds. */
function shownValue(value: Settings['values'][SettingName]): string {
  if (value === null) return '-'
  if (typeof value === 'number') return span(value)
  if (Array.isArray(value)) return value.join(', ') || '-'
  if (typeof value !== 'object') return String(value)
  const since = value as Since
  return since.kind === 'ago' ? span(since.ms) : new Date(since.ms).toISOString()
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
