import type { Content, Conversation, Part, ResultContent, ToolChoice, Turn } from '../conversation.ts'
import { hasImage } from '../conversation.ts'
import { present } from '../json.ts'
import type { JsonBody } from '../types.ts'
import type { RequestOptions } from './options.ts'

/** Writes a native Responses request the way the gateways call Codex: always streamed, never stored. */
export function toCodex(conversation: Conversation, options: RequestOptions): JsonBody {
  const { turns, tools, toolChoice, parallelTools, reasoningEffort } = conversation
  return present({
    model: options.model,
    instructions: '',
    input: turns.map((turn) => item(turn, options)),
    tools:
      tools.length > 0
        ? tools.map(({ name, description, parameters }) =>
            present({ type: 'function', name, description: description ?? undefined, parameters }),
          )
        : undefined,
    tool_choice: toolChoice ? choice(toolChoice) : undefined,
    parallel_tool_calls: parallelTools ?? true,
    reasoning: reasoningEffort === null ? undefined : { effort: reasoningEffort, summary: 'auto' },
    stream: true,
    store: false,
    include: ['reasoning.encrypted_content'],
  })
}

function item(turn: Turn, options: RequestOptions): JsonBody {
  switch (turn.kind) {
    case 'words': {
      const role = turn.role === 'system' ? 'developer' : turn.role
      return { type: 'message', role, content: contentOf(turn.content, role) }
    }
    case 'call':
      return { type: 'function_call', call_id: turn.id, name: turn.name, arguments: turn.arguments }
    case 'result':
      return { type: 'function_call_output', call_id: turn.id, output: output(turn.content, options) }
  }
}

function contentOf(content: Content, role: string): JsonBody[] {
  const type = role === 'assistant' ? 'output_text' : 'input_text'
  const parts: readonly Part[] = typeof content === 'string' ? [{ kind: 'text', text: content }] : content
  return parts.map((each) =>
    each.kind === 'text' ? { type, text: each.text } : { type: 'input_image', image_url: each.url },
  )
}

/** Images that are addresses are dropped (contract, HTTP 6.1). */
function output(content: ResultContent, { toolImages }: RequestOptions): unknown {
  if (content.kind === 'text') return content.text
  if (toolImages === 'as-text' || !hasImage(content.parts)) return JSON.stringify(content.raw)
  return content.parts.flatMap((each): JsonBody[] => {
    if (each.kind === 'text') return [{ type: 'input_text', text: each.text }]
    return each.kind === 'image' && each.url.startsWith('data:')
      ? [{ type: 'input_image', image_url: each.url }]
      : []
  })
}

const choice = (toolChoice: ToolChoice) =>
  toolChoice.kind === 'named' ? { type: 'function', name: toolChoice.name } : toolChoice.kind
