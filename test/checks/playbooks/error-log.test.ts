import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readErrorLog } from '../../../src/checks/playbooks/error-log.ts'

const LOGS = new URL('../../../fixtures/logs/', import.meta.url)

/** Error logs recorded from real gateways, by folder. */
const RECORDED = ['upstream', 'fork', 'forkold'].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, LOGS))
    .filter((file) => file.startsWith('error-'))
    .map((file) => ({
      name: `${folder}/${file}`,
      text: readFileSync(new URL(`${folder}/${file}`, LOGS), 'utf8'),
    })),
)

describe('an error log', () => {
  it.each(RECORDED)('of a real gateway tells model and refusal: $name', ({ text }) => {
    const read = readErrorLog(text, 0)
    expect(read?.model).toMatch(/\S/)
    expect(read?.refusal.status).toBeGreaterThanOrEqual(400)
    expect(read?.refusal.message).not.toBe('')
  })

  it('of a version that keeps the words to itself tells nothing', () => {
    const redacted = readdirSync(new URL('fork693/', LOGS)).filter((file) => file.startsWith('error-'))
    expect(redacted.length).toBeGreaterThan(0)
    for (const file of redacted)
      expect(readErrorLog(readFileSync(new URL(`fork693/${file}`, LOGS), 'utf8'), 0)).toBeNull()
  })

  it('tells a refused region from a bad credential', () => {
    const region = RECORDED.find(({ text }) => text.includes('unsupported_country_region_territory'))
    expect(readErrorLog(region?.text ?? '', 0)?.refusal.cause).toBe('region')
  })

  it.each([
    '',
    'no log',
    '=== RESPONSE ===\nStatus: 400\n\n{}',
    '=== REQUEST INFO ===\nURL: /v1/models\n=== RESPONSE ===\nStatus: 404\n',
  ])('that is none of a model request is nothing: %j', (text) => {
    expect(readErrorLog(text, 0)).toBeNull()
  })

  it('marks a request with an image behind a tool', () => {
    const body = JSON.stringify({
      model: 'm',
      messages: [{ role: 'tool', content: [{ type: 'image_url' }] }],
    })
    const text = `=== REQUEST INFO ===\nURL: /v1/chat/completions\n\n=== REQUEST BODY ===\n${body}\n\n=== RESPONSE ===\nStatus: 400\n\n{"error":{"message":"no"}}\n`
    expect(readErrorLog(text, 0)).toMatchObject({ model: 'm', endpoint: 'chat', toolImage: true })
  })
})
