import { type Format, pieces, STREAM_ERROR_MESSAGES, usageField } from './formats.ts'
import type { Reply, Usage } from './reply.ts'

const STOP = { stop: 'end_turn', length: 'max_tokens', tool: 'tool_use' } as const

const usage = ({ input, output, cached }: Usage) => ({
  input_tokens: input - cached,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: cached,
  output_tokens: output,
})

const SIGNATURE = 'c2ltdWxhdGVk'

/** Claude messages. */
export const claudeFormat: Format = {
  plain(reply) {
    const { id, model, finish } = reply
    return {
      id,
      type: 'message',
      role: 'assistant',
      model,
      content: contentBlocks(reply),
      stop_reason: STOP[finish],
      stop_sequence: null,
      ...usageField(reply.usage, usage),
    }
  },

  stream(reply) {
    const { id, model } = reply
    const started = {
      id,
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      ...usageField(reply.usage, (counts) => ({ ...usage(counts), output_tokens: 1 })),
    }
    const opening = [event('message_start', { message: started }), event('ping', {})]
    const thought = reply.reasoning === '' ? [] : thinkingBlock(reply.reasoning)
    const answer = answerBlock(reply, thought.length === 0 ? 0 : 1)
    const closing = [
      event('message_delta', {
        delta: { stop_reason: STOP[reply.finish], stop_sequence: null },
        ...usageField(reply.usage, ({ output }) => ({ output_tokens: output })),
      }),
      event('message_stop', {}),
    ]
    const before = opening.length + thought.length
    return {
      frames: [...opening, ...thought, ...answer, ...closing],
      middle: before + 2,
      terminal: before + answer.length,
      marker: '',
      errorFrame: (reason) => {
        const type = reason === 'overloaded' ? 'overloaded_error' : 'rate_limit_error'
        return event('error', { error: { type, message: STREAM_ERROR_MESSAGES[reason] } })
      },
    }
  },
}

const event = (type: string, fields: object) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

function contentBlocks({ text, reasoning, tool }: Reply): object[] {
  const thought = reasoning === '' ? [] : [{ type: 'thinking', thinking: reasoning, signature: SIGNATURE }]
  const answer = tool
    ? { type: 'tool_use', id: tool.id, name: tool.name, input: JSON.parse(tool.arguments) as unknown }
    : { type: 'text', text }
  return [...thought, answer]
}

function block(index: number, opening: object, deltas: readonly object[]): string[] {
  return [
    event('content_block_start', { index, content_block: opening }),
    ...deltas.map((delta) => event('content_block_delta', { index, delta })),
    event('content_block_stop', { index }),
  ]
}

function thinkingBlock(thinking: string): string[] {
  return block(0, { type: 'thinking', thinking: '', signature: '' }, [
    { type: 'thinking_delta', thinking },
    { type: 'signature_delta', signature: SIGNATURE },
  ])
}

function answerBlock({ text, tool }: Reply, index: number): string[] {
  if (!tool)
    return block(
      index,
      { type: 'text', text: '' },
      pieces(text).map((part) => ({ type: 'text_delta', text: part })),
    )
  return block(
    index,
    { type: 'tool_use', id: tool.id, name: tool.name, input: {} },
    pieces(tool.arguments).map((part) => ({ type: 'input_json_delta', partial_json: part })),
  )
}
