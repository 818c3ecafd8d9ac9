import type { Bench } from '../analysis/quota/bench.ts'
import type { Cell } from '../analysis/quota/cells.ts'
import type { QuotaLeft } from '../analysis/quota/left.ts'
import type { CredentialNames } from '../analysis/quota/names.ts'
import type { QuotaRow } from '../analysis/quota/rows.ts'
import type { SurveyedToken } from '../analysis/tokens/directory.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { printable } from '../core/text.ts'
import { worstRows } from './quota-table.ts'
import type { QuotaView } from './quota-view.ts'

/** Every run is recorded; a pool of thousands would fill the disk. */
const MOST_ROWS = 1000

/** The view for machines: each cell with its value and source, or with null and the reason. */
export function quotaData({ rows, names, facts }: QuotaView): JsonObject {
  return {
    at: new Date(facts.nowMs).toISOString(),
    credentials: worstRows(rows, MOST_ROWS).map((row) => rowData(row, names)),
    leftOut: Math.max(0, rows.length - MOST_ROWS),
  }
}

function rowData(row: QuotaRow, names: CredentialNames): JsonObject {
  return {
    provider: printable(row.provider, 80),
    kind: row.kind,
    name: row.kind === 'account' ? names.ofFile(row.name) : row.name,
    authIndex: row.authIndex,
    upstream: row.upstream,
    disabled: row.disabled,
    plan: cellData(row.plan, (plan) => names.inText(plan)),
    requests: cellData(row.requests, (count) => count),
    failures: cellData(row.failures, (count) => count),
    rateLimited: cellData(row.rateLimited, (count) => count),
    trend: cellData(row.trend, (trend) => [...trend]),
    bench: cellData(row.bench, benchData),
    left: cellData(row.left, leftData),
    token: cellData(row.token, (token) => tokenData(token, names)),
  }
}

function cellData<T>(cell: Cell<T>, data: (value: T) => Json): JsonObject {
  return cell.kind === 'known'
    ? { value: data(cell.value), source: cell.source }
    : { value: null, reason: printable(cell.reason) }
}

function benchData(bench: Bench | null): Json {
  if (bench === null) return { scope: 'none' }
  const { scope, models, untilMs, cause, resetMs } = bench
  return {
    scope,
    models: models.map((model) => printable(model, 80)),
    until: iso(untilMs),
    cause,
    providerReset: iso(resetMs),
  }
}

function leftData({ remaining, limit, resetMs }: QuotaLeft): Json {
  return { remaining, limit, reset: iso(resetMs) }
}

function tokenData({ state, credential, copyOf }: SurveyedToken, names: CredentialNames): Json {
  return {
    state: state.kind,
    expires: iso(credential.expiresMs),
    lastRefresh: iso(credential.refreshedMs),
    copyOf: copyOf === null ? null : names.ofFile(copyOf),
  }
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
