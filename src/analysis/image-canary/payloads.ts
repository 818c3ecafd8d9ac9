import type { Endpoint } from '../../wire/routes.ts'
import { PICTURES, type PictureName } from './pictures.ts'

const PROMPT =
  'Take a screenshot, then say in a few words what it shows: the colours, and the digit if there is one.'
const RESULT = 'Screenshot taken.'
const CALL_ID = 'call_canary_1'
const MAX_TOKENS = 1024
const PARAMETERS = { type: 'object', properties: {} }

/** What the tool result holds: one of the pictures, or words alone, as the control does. */
export type ToolResult = PictureName | 'control'

/** A conversation whose tool result holds a picture, in the payload of one endpoint (contract, HTTP 6.1). */
export function canaryPayload(
  endpoint: Endpoint,
  model: string,
  result: ToolResult,
  stream: boolean,
): object {
  const base64 = result === 'control' ? null : PICTURES[result].base64
  switch (endpoint) {
    case 'messages':
      return { model, max_tokens: MAX_TOKENS, stream, ...messages(base64) }
    case 'chat':
      return {
        model,
        stream,
        ...(stream ? { stream_options: { include_usage: true } } : {}),
        ...chat(base64),
      }
    case 'responses':
      return { model, stream, ...responses(base64) }
  }
}

function messages(base64: string | null) {
  const image =
    base64 === null
      ? []
      : [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: base64 } }]
  return {
    tools: [{ name: 'screenshot', description: 'Takes a screenshot.', input_schema: PARAMETERS }],
    messages: [
      { role: 'user', content: PROMPT },
      { role: 'assistant', content: [{ type: 'tool_use', id: CALL_ID, name: 'screenshot', input: {} }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: CALL_ID, content: [{ type: 'text', text: RESULT }, ...image] },
        ],
      },
    ],
  }
}

function chat(base64: string | null) {
  const image = base64 === null ? [] : [{ type: 'image_url', image_url: { url: dataUrl(base64) } }]
  return {
    tools: [
      {
        type: 'function',
        function: { name: 'screenshot', description: 'Takes a screenshot.', parameters: PARAMETERS },
      },
    ],
    messages: [
      { role: 'user', content: PROMPT },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: CALL_ID, type: 'function', function: { name: 'screenshot', arguments: '{}' } }],
      },
      {
        role: 'tool',
        tool_call_id: CALL_ID,
        content: base64 === null ? RESULT : [{ type: 'text', text: RESULT }, ...image],
      },
    ],
  }
}

function responses(base64: string | null) {
  const image = base64 === null ? [] : [{ type: 'input_image', image_url: dataUrl(base64) }]
  return {
    tools: [
      { type: 'function', name: 'screenshot', description: 'Takes a screenshot.', parameters: PARAMETERS },
    ],
    input: [
      { role: 'user', content: PROMPT },
      { type: 'function_call', call_id: CALL_ID, name: 'screenshot', arguments: '{}' },
      {
        type: 'function_call_output',
        call_id: CALL_ID,
        output: base64 === null ? RESULT : [{ type: 'input_text', text: RESULT }, ...image],
      },
    ],
  }
}

const dataUrl = (base64: string): string => `data:image/png;base64,${base64}`
