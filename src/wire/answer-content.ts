import { createHash } from 'node:crypto'
import { fieldsOf, isFields, listOf, textOf } from './fields.ts'

/** A text that may be too long to keep: enough to compare it, and its beginning to show. */
export interface TextDigest {
  /** Length in UTF-16 code units. */
  readonly chars: number
  readonly sha256: string
  /** The first `HEAD_CHARS` characters; foreign text. */
  readonly head: string
}

/** What an answer said, apart from its usage. */
export interface AnswerContent {
  /** The text meant for the user, refusals of the model included. */
  readonly text: TextDigest
  /** Reasoning that was shown, if any. */
  readonly reasoning: TextDigest
  /** Names and arguments of the tool calls, without their ids and white space. */
  readonly toolCalls: TextDigest
}

const HEAD_CHARS = 200

export type ContentPart = keyof AnswerContent

/** Collects content piece by piece in constant memory. */
export interface ContentSink {
  readonly add: (part: ContentPart, piece: string) => void
  /** Whether anything at all was added. */
  readonly isEmpty: () => boolean
  /** To be called once, at the end. */
  readonly digest: () => AnswerContent
}

export function createContentSink(): ContentSink {
  const parts = { text: createDigest(), reasoning: createDigest(), toolCalls: createDigest() }
  return {
    add: (part, piece) => parts[part].add(piece),
    isEmpty: () => Object.values(parts).every((part) => part.chars() === 0),
    digest: () => ({
      text: parts.text.digest(),
      reasoning: parts.reasoning.digest(),
      toolCalls: parts.toolCalls.digest(),
    }),
  }
}

/** Hashing word by word would cost more than reading the stream. */
const HASHED_CHARS = 8192

function createDigest() {
  const hash = createHash('sha256')
  let chars = 0
  let head = ''
  let waiting = ''
  // As UTF-16, so that a surrogate pair cut in two pieces gives the same digest as the whole.
  const flush = (): void => {
    hash.update(waiting, 'utf16le')
    waiting = ''
  }
  return {
    add: (piece: string): void => {
      if (piece === '') return
      if (head.length < HEAD_CHARS) head += piece.slice(0, HEAD_CHARS - head.length)
      chars += piece.length
      waiting += piece
      if (waiting.length > HASHED_CHARS) flush()
    },
    chars: () => chars,
    digest: (): TextDigest => {
      flush()
      return { chars, sha256: hash.digest('hex'), head }
    },
  }
}

/** Whether two digests are of the same text. */
export function sameText(one: TextDigest, other: TextDigest): boolean {
  return one.chars === other.chars && one.sha256 === other.sha256
}

/** Adds a tool call's name, or a piece of its arguments: streams cut them and providers space them differently. */
export function addToolCall(sink: ContentSink, name: unknown, args: unknown): void {
  const called = textOf(name)
  if (called !== null) sink.add('toolCalls', `\n${called}:`)
  const text = isFields(args) ? JSON.stringify(args) : textOf(args)
  if (text !== null) sink.add('toolCalls', text.replace(/\s+/g, ''))
}

/** Adds one output item of the Responses shape (contract, HTTP 4.1). */
export function addOutputItem(sink: ContentSink, value: unknown): void {
  const item = fieldsOf(value)
  switch (item.type) {
    case 'message':
      for (const part of listOf(item.content)) {
        const { text, refusal } = fieldsOf(part)
        sink.add('text', textOf(text) ?? textOf(refusal) ?? '')
      }
      return
    case 'reasoning':
      for (const part of [...listOf(item.summary), ...listOf(item.content)]) {
        sink.add('reasoning', textOf(fieldsOf(part).text) ?? '')
      }
      return
    default:
      addToolCall(sink, item.name ?? item.type, item.arguments ?? item.input)
  }
}

/** Adds one content block of the Claude shape (contract, HTTP 6). */
export function addContentBlock(sink: ContentSink, value: unknown): void {
  const block = fieldsOf(value)
  switch (block.type) {
    case 'text':
      sink.add('text', textOf(block.text) ?? '')
      return
    case 'thinking':
      sink.add('reasoning', textOf(block.thinking) ?? '')
      return
    case 'redacted_thinking':
      sink.add('reasoning', textOf(block.data) ?? '')
      return
    default:
      addToolCall(sink, block.name ?? block.type, block.input)
  }
}

/** Adds a chat message, or the delta of one (contract, HTTP 5). */
export function addChatMessage(sink: ContentSink, value: unknown): void {
  const message = fieldsOf(value)
  if (Array.isArray(message.content)) {
    for (const part of message.content) sink.add('text', textOf(fieldsOf(part).text) ?? '')
  }
  sink.add('text', textOf(message.content) ?? textOf(message.refusal) ?? '')
  sink.add('reasoning', textOf(message.reasoning_content) ?? textOf(message.reasoning) ?? '')
  for (const call of listOf(message.tool_calls)) {
    const made = fieldsOf(fieldsOf(call).function)
    addToolCall(sink, made.name, made.arguments)
  }
}
