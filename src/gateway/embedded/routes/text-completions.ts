import type { ServedRoute } from '../runtime.ts'
import { objectOf, objectsOf, parseObject } from '../translation/json.ts'
import type { JsonBody } from '../translation/types.ts'
import { answerBody, type Reshape, readRequest } from './completions.ts'

/** `POST /v1/completions`: a chat request under an older name, and its answer back (contract, HTTP 5). */
export const TEXT_COMPLETION_ROUTES: readonly ServedRoute[] = [
  {
    method: 'POST',
    path: '/v1/completions',
    key: 'client',
    async handle(exchange, runtime) {
      const body = await readRequest(exchange)
      return body === 'replied' ? body : answerBody(exchange, runtime, 'chat', asChat(body), AS_TEXT)
    },
  },
]

function asChat({ prompt, ...rest }: JsonBody): JsonBody {
  const content = Array.isArray(prompt) ? prompt.join('\n') : typeof prompt === 'string' ? prompt : ''
  return { ...rest, messages: [{ role: 'user', content }] }
}

const AS_TEXT: Reshape = {
  plain(text) {
    const answer = parseObject(text)
    return answer?.choices ? JSON.stringify(asCompletion(answer, 'message')) : text
  },
  stream() {
    let rest = ''
    return (text) => {
      const frames = `${rest}${text}`.split('\n\n')
      rest = frames.pop() ?? ''
      return frames.map((frame) => `${reshapeFrame(frame)}\n\n`).join('')
    }
  },
}

function reshapeFrame(frame: string): string {
  const chunk = frame.startsWith('data: {') ? parseObject(frame.slice('data: '.length)) : null
  return chunk?.choices ? `data: ${JSON.stringify(asCompletion(chunk, 'delta'))}` : frame
}

function asCompletion({ choices, ...answer }: JsonBody, part: 'message' | 'delta'): JsonBody {
  return {
    ...answer,
    object: 'text_completion',
    choices: objectsOf(choices).map((choice) => ({
      finish_reason: choice.finish_reason ?? null,
      index: choice.index ?? 0,
      text: objectOf(choice[part]).content ?? '',
    })),
  }
}
