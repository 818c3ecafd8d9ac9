/** A request, free of its wire format. What no other format knows is left out, as the gateways leave it out. */
export interface Conversation {
  readonly turns: readonly Turn[]
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice | null
  readonly parallelTools: boolean | null
  readonly maxTokens: number | null
  readonly temperature: number | null
  readonly topP: number | null
  readonly stop: readonly string[]
  readonly reasoningEffort: string | null
}

export type Turn =
  | { readonly kind: 'words'; readonly role: 'system' | 'user' | 'assistant'; readonly content: Content }
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly arguments: string }
  | { readonly kind: 'result'; readonly id: string; readonly content: ResultContent }

/** A plain string stays one, as some upstreams accept nothing else. */
export type Content = string | readonly Part[]

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  /** `url` is a data URL or an address. */
  | { readonly kind: 'image'; readonly url: string }

export type ResultContent =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'parts'
      readonly parts: readonly ResultPart[]
      /** As it was sent, for gateways that pass it on as text. */
      readonly raw: unknown
    }

/** `other`: nothing another format could say. */
export type ResultPart = Part | { readonly kind: 'other'; readonly raw: unknown }

export interface Tool {
  readonly name: string
  readonly description: string | null
  readonly parameters: unknown
}

export type ToolChoice =
  | { readonly kind: 'auto' | 'none' | 'required' }
  | { readonly kind: 'named'; readonly name: string }

export const hasImage = (parts: readonly ResultPart[]): boolean => parts.some(({ kind }) => kind === 'image')

/** Texts joined by a blank line, unknown blocks as raw JSON among them. */
export function flatText(parts: readonly ResultPart[]): string {
  return parts
    .flatMap((part) =>
      part.kind === 'text' ? [part.text] : part.kind === 'other' ? [JSON.stringify(part.raw)] : [],
    )
    .join('\n\n')
}
