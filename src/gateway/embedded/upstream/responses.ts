import { type Format, pieces, STREAM_ERROR_MESSAGES, type StreamErrorReason, usageField } from './formats.ts'
import type { Reply, ToolCall, Usage } from './reply.ts'

const usage = ({ input, output, cached, reasoning }: Usage) => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: cached },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: reasoning },
  total_tokens: input + output,
})

const MESSAGE_ID = 'msg_simulated_1'
const CALL_ID = 'fc_simulated_1'
const REASONING_ID = 'rs_simulated_1'

const outputText = (text: string) => ({ type: 'output_text', annotations: [], logprobs: [], text })

const message = (text: string) => ({
  id: MESSAGE_ID,
  type: 'message',
  status: 'completed',
  role: 'assistant',
  content: [outputText(text)],
})

const functionCall = (tool: ToolCall) => ({
  id: CALL_ID,
  type: 'function_call',
  status: 'completed',
  arguments: tool.arguments,
  call_id: tool.id,
  name: tool.name,
})

const reasoningItem = (text: string) => ({
  id: REASONING_ID,
  type: 'reasoning',
  summary: [{ type: 'summary_text', text }],
})

function outputItems({ text, reasoning, tool }: Reply): object[] {
  const thought = reasoning === '' ? [] : [reasoningItem(reasoning)]
  return [...thought, tool ? functionCall(tool) : message(text)]
}

function response(reply: Reply, state: { status: string; output: readonly unknown[] }) {
  return {
    id: reply.id,
    object: 'response',
    created_at: reply.createdS,
    status: state.status,
    background: false,
    error: null,
    incomplete_details: state.status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    model: reply.model,
    output: state.output,
  }
}

const finalStatus = (reply: Reply) => (reply.finish === 'length' ? 'incomplete' : 'completed')

/** OpenAI Responses, as Codex speaks it. */
export const responsesFormat: Format = {
  plain(reply) {
    return {
      ...response(reply, { status: finalStatus(reply), output: outputItems(reply) }),
      ...usageField(reply.usage, usage),
    }
  },

  stream(reply) {
    const events = new EventList()
    const noCounts = reply.usage === 'missing' ? {} : { usage: null }
    const early = { ...response(reply, { status: 'in_progress', output: [] }), ...noCounts }
    events.add('response.created', { response: early })
    events.add('response.in_progress', { response: early })
    if (reply.reasoning !== '') addReasoning(events, reply.reasoning)
    const index = reply.reasoning === '' ? 0 : 1
    const middle = reply.tool ? addToolCall(events, reply.tool, index) : addText(events, reply.text, index)
    const terminal = events.frames.length
    events.add(`response.${finalStatus(reply)}`, {
      response: {
        ...response(reply, { status: finalStatus(reply), output: outputItems(reply) }),
        ...usageField(reply.usage, usage),
      },
    })
    return {
      frames: events.frames,
      middle,
      terminal,
      marker: '',
      errorFrame: (reason) =>
        frame('response.failed', {
          type: 'response.failed',
          sequence_number: middle,
          response: { ...early, status: 'failed', error: streamError(reason) },
        }),
    }
  },
}

const streamError = (reason: StreamErrorReason) => ({
  code: reason === 'overloaded' ? 'server_error' : 'usage_limit_reached',
  message: STREAM_ERROR_MESSAGES[reason],
})

const frame = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

class EventList {
  readonly frames: string[] = []

  add(type: string, fields: object): void {
    this.frames.push(frame(type, { type, sequence_number: this.frames.length, ...fields }))
  }
}

function addReasoning(events: EventList, text: string): void {
  const place = { item_id: REASONING_ID, output_index: 0, summary_index: 0 }
  const part = { type: 'summary_text', text }
  events.add('response.output_item.added', { output_index: 0, item: { ...reasoningItem(''), summary: [] } })
  events.add('response.reasoning_summary_part.added', { ...place, part: { ...part, text: '' } })
  events.add('response.reasoning_summary_text.delta', { ...place, delta: text })
  events.add('response.reasoning_summary_text.done', { ...place, text })
  events.add('response.reasoning_summary_part.done', { ...place, part })
  events.add('response.output_item.done', { output_index: 0, item: reasoningItem(text) })
}

/** Both return how many frames there are up to the first piece of the answer. */
function addText(events: EventList, text: string, index: number): number {
  const place = { item_id: MESSAGE_ID, output_index: index, content_index: 0 }
  const item = { ...message(text), status: 'in_progress', content: [] }
  events.add('response.output_item.added', { output_index: index, item })
  events.add('response.content_part.added', { ...place, part: outputText('') })
  const middle = events.frames.length + 1
  for (const delta of pieces(text))
    events.add('response.output_text.delta', { ...place, delta, logprobs: [] })
  events.add('response.output_text.done', { ...place, text, logprobs: [] })
  events.add('response.content_part.done', { ...place, part: outputText(text) })
  events.add('response.output_item.done', { output_index: index, item: message(text) })
  return middle
}

function addToolCall(events: EventList, tool: ToolCall, index: number): number {
  const place = { item_id: CALL_ID, output_index: index }
  const item = { ...functionCall(tool), status: 'in_progress', arguments: '' }
  events.add('response.output_item.added', { output_index: index, item })
  const middle = events.frames.length + 1
  for (const delta of pieces(tool.arguments))
    events.add('response.function_call_arguments.delta', { ...place, delta })
  events.add('response.function_call_arguments.done', { ...place, arguments: tool.arguments })
  events.add('response.output_item.done', { output_index: index, item: functionCall(tool) })
  return middle
}
