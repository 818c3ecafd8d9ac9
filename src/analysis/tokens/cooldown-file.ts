import { fieldsOf, isFields, listOf, numberOf, textOf } from '../../wire/fields.ts'
import { momentMs } from '../../wire/moments.ts'

/** One bench that a gateway wrote down. */
export interface CooldownRecord {
  /** Null: the whole credential. */
  readonly model: string | null
  readonly untilMs: number
  /** When the provider said that the quota is back; null where it did not say. */
  readonly recoversMs: number | null
  /** Foreign text: the gateway's word, or the raw body of the provider. */
  readonly reason: string
  readonly status: number | null
  /** Foreign text. */
  readonly message: string
  readonly writtenMs: number | null
}

/** What a `.cds` file says of one credential (contract, files 3.6). Keys of `config.yaml` have them, too. */
export interface CooldownFile {
  /** A token file's name, or such as `codex:apikey:0123456789ab`. */
  readonly authId: string
  readonly provider: string
  readonly records: readonly CooldownRecord[]
  /** Records that make no sense. */
  readonly unusable: number
}

export type CooldownReading =
  | { readonly kind: 'cooldowns'; readonly file: CooldownFile }
  | { readonly kind: 'unreadable' }

/** Reads the text of a `.cds` file; records that are over are left in, since only the reader knows the time. */
export function readCooldownText(text: string): CooldownReading {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { kind: 'unreadable' }
  }
  const fields = fieldsOf(json)
  const authId = textOf(fields.auth_id)
  if (authId === null || (fields.records !== null && !Array.isArray(fields.records)))
    return { kind: 'unreadable' }
  const raw = listOf(fields.records)
  const records = raw.flatMap((record) => recordOf(record) ?? [])
  const provider = textOf(fields.provider)?.toLowerCase() ?? ''
  return { kind: 'cooldowns', file: { authId, provider, records, unusable: raw.length - records.length } }
}

function recordOf(value: unknown): CooldownRecord | null {
  if (!isFields(value)) return null
  const untilMs = momentMs(value.next_retry_after)
  if (untilMs === null) return null
  const error = fieldsOf(value.last_error)
  return {
    model: textOf(value.model),
    untilMs,
    recoversMs: momentMs(fieldsOf(value.quota).next_recover_at),
    reason: textOf(value.reason) ?? '',
    status: numberOf(error.http_status),
    message: textOf(error.message) ?? '',
    writtenMs: momentMs(value.updated_at),
  }
}
