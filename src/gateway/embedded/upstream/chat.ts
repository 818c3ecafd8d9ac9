import { type Format, pieces, STREAM_ERROR_MESSAGES, type StreamErrorReason, usageField } from './formats.ts'
import type { Reply, Usage } from './reply.ts'

const FINISH = { stop: 'stop', length: 'length', tool: 'tool_calls' } as const

const usage = ({ input, output, cached, reasoning }: Usage) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  ...(cached > 0 ? { prompt_tokens_details: { cached_tokens: cached } } : {}),
  ...(reasoning > 0 ? { completion_tokens_details: { reasoning_tokens: reasoning } } : {}),
})

/** OpenAI chat completions. */
export const chatFormat: Format = {
  plain(reply) {
    const { id, createdS, model, text, reasoning, tool, finish } = reply
    const message = {
      role: 'assistant',
      content: tool ? null : text,
      ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
      ...(tool
        ? {
            tool_calls: [
              { id: tool.id, type: 'function', function: { name: tool.name, arguments: tool.arguments } },
            ],
          }
        : {}),
    }
    return {
      id,
      object: 'chat.completion',
      created: createdS,
      model,
      choices: [{ index: 0, message, finish_reason: FINISH[finish] }],
      ...usageField(reply.usage, usage),
    }
  },

  stream(reply, { withUsage, withDone }) {
    const opening = [chunk(reply, { role: 'assistant', content: '' })]
    if (reply.reasoning !== '') opening.push(chunk(reply, { reasoning_content: reply.reasoning }))
    const content = deltas(reply).map((delta) => chunk(reply, delta))
    const closing = [chunk(reply, {}, FINISH[reply.finish])]
    if (withUsage && typeof reply.usage === 'object')
      closing.push(frame({ ...envelope(reply), choices: [], usage: usage(reply.usage) }))
    if (withDone) closing.push(DONE)
    return {
      frames: [...opening, ...content, ...closing],
      middle: opening.length + 1,
      terminal: opening.length + content.length,
      marker: DONE,
      errorFrame: (reason) => frame({ error: streamError(reason) }),
    }
  },
}

const streamError = (reason: StreamErrorReason) => ({
  message: STREAM_ERROR_MESSAGES[reason],
  type: reason === 'overloaded' ? 'server_error' : 'usage_limit_reached',
  code: reason === 'overloaded' ? 'overloaded' : 'usage_limit_reached',
})

const DONE = 'data: [DONE]\n\n'

const envelope = ({ id, createdS, model }: Reply) => ({
  id,
  object: 'chat.completion.chunk',
  created: createdS,
  model,
})

const frame = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`

function chunk(reply: Reply, delta: unknown, finish: string | null = null): string {
  const nullUsage = reply.usage === 'null' ? { usage: null } : {}
  return frame({ ...envelope(reply), choices: [{ index: 0, delta, finish_reason: finish }], ...nullUsage })
}

function deltas({ text, tool }: Reply): unknown[] {
  if (!tool) return pieces(text).map((content) => ({ content }))
  const call = (fields: object) => ({ tool_calls: [{ index: 0, ...fields }] })
  return [
    call({ id: tool.id, type: 'function', function: { name: tool.name, arguments: '' } }),
    ...pieces(tool.arguments).map((part) => call({ function: { arguments: part } })),
  ]
}
