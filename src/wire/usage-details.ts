import * as z from 'zod/mini'

/** One request as the statistics of older gateways remember it (contract, HTTP 8.7). */
export interface UsageDetail {
  readonly atMs: number
  readonly model: string
  readonly failed: boolean
}

export type UsageDetailsReading =
  | { readonly kind: 'details'; readonly details: readonly UsageDetail[] }
  | { readonly kind: 'unreadable'; readonly reason: string }

const Detail = z.looseObject({ timestamp: z.string(), failed: z.boolean() })
const Usage = z.looseObject({
  usage: z.looseObject({
    apis: z.nullable(
      z.record(
        z.string(),
        z.looseObject({
          models: z.nullable(
            z.record(z.string(), z.looseObject({ details: z.nullable(z.array(z.unknown())) })),
          ),
        }),
      ),
    ),
  }),
})

/**
 * Reads `GET /v0/management/usage`. The client keys in its object keys are dropped here. A detail without a readable
 * time or verdict makes the whole reply `unreadable`: a ratio over the rest would be of something else.
 */
export function readUsageDetails(body: unknown): UsageDetailsReading {
  const parsed = Usage.safeParse(body)
  if (!parsed.success) return { kind: 'unreadable', reason: 'the body has no usage per model' }
  const details: UsageDetail[] = []
  for (const { models } of Object.values(parsed.data.usage.apis ?? {})) {
    for (const [model, { details: raw }] of Object.entries(models ?? {})) {
      for (const entry of raw ?? []) {
        const detail = Detail.safeParse(entry)
        const atMs = detail.success ? Date.parse(detail.data.timestamp) : Number.NaN
        if (!detail.success || Number.isNaN(atMs))
          return { kind: 'unreadable', reason: 'a request has no readable time or verdict' }
        details.push({ atMs, model, failed: detail.data.failed })
      }
    }
  }
  return { kind: 'details', details }
}
