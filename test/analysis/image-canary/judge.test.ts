import { describe, expect, it } from 'vitest'
import { type CanaryVerdict, judgeCanary } from '../../../src/analysis/image-canary/judge.ts'
import { PICTURES } from '../../../src/analysis/image-canary/pictures.ts'
import { decodePng } from '../../../src/gateway/embedded/upstream/png.ts'
import { describe as look } from '../../../src/gateway/embedded/upstream/vision.ts'
import { readPlainAnswer } from '../../../src/wire/answer-plain.ts'
import type { Answer } from '../../../src/wire/answers.ts'

function chat(content: string, promptTokens: number | null, status = 200): Answer {
  const usage = promptTokens === null ? {} : { usage: { prompt_tokens: promptTokens, completion_tokens: 5 } }
  const body =
    status === 200
      ? {
          object: 'chat.completion',
          model: 'm',
          choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
          ...usage,
        }
      : { error: { message: content } }
  return readPlainAnswer({ endpoint: 'chat', status, headers: {}, nowMs: 0 }, JSON.stringify(body))
}

const CONTROL = chat('I see no image.', 40)

describe('the image canary', () => {
  it.each([
    ['seen', chat('It is red.', 125), CONTROL],
    ['seen', chat('It is red.', null), CONTROL],
    ['dropped', chat('It is blue.', 40), CONTROL],
    ['dropped', chat('I see no image.', 40), CONTROL],
    ['as-text', chat('It is red.', 40 + 4200), CONTROL],
    ['as-text', chat('A long text.', 40 + 4200), CONTROL],
    ['refused', chat('messages[2].content: expected a string (ToolMessageContent)', 0, 400), CONTROL],
    ['unclear', chat('It is red.', 40), chat('It is red.', 40)],
    ['unclear', chat('', 125), CONTROL],
    ['unclear', chat('Rate limit reached for requests', 0, 429), CONTROL],
  ] as const)('is %s', (kind, answer, control) => {
    expect(judgeCanary('colour', answer, control).kind).toBe(kind satisfies CanaryVerdict['kind'])
  })

  it('does not take a missing usage for a free picture', () => {
    expect(judgeCanary('colour', chat('red', null), CONTROL)).toEqual({ kind: 'seen', extraTokens: null })
    expect(judgeCanary('colour', chat('red', 0), CONTROL)).toEqual({ kind: 'seen', extraTokens: null })
  })

  it('draws what its words say', () => {
    const sentence = (name: keyof typeof PICTURES) => {
      const picture = decodePng(Buffer.from(PICTURES[name].base64, 'base64'))
      return picture === null ? 'no picture' : look(picture)
    }
    expect(sentence('colour')).toBe('The image is red.')
    expect(sentence('digit')).toBe('The image shows the digit 7, blue on yellow.')
    for (const name of ['colour', 'digit'] as const) expect(sentence(name)).toMatch(PICTURES[name].proof)
  })

  it('costs so much as text that the input tokens tell', () => {
    for (const { base64 } of Object.values(PICTURES)) expect(base64.length).toBeGreaterThan(16_000)
  })
})
