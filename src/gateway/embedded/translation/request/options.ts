/** How a translated request is to be written. */
export interface RequestOptions {
  readonly model: string
  readonly stream: boolean
  /** What becomes of images in tool results. */
  readonly toolImages: 'kept' | 'as-text'
  /** Where results become text: the whole content as JSON, or item by item. */
  readonly rawResults: 'whole' | 'by-item'
}
