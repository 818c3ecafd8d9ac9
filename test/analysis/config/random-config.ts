import fc from 'fast-check'

/** Numbers that decide every detail of a random file, asked one after the other, so that fast-check can shrink them. */
export const dice: fc.Arbitrary<readonly number[]> = fc.array(fc.nat({ max: 9_999 }), {
  minLength: 300,
  maxLength: 300,
})

export interface RandomFile {
  readonly text: string
  /** True when an anchor with an alias is in it, for which an edit may be refused. */
  readonly linked: boolean
}

const NAMES = [
  'glm',
  'kimi-k2',
  'z-ai/glm-5',
  'a b',
  "it's",
  'x: y',
  '#hash',
  'yes',
  '007',
  'ключ',
  '"q"',
  'null',
  '-',
  '*',
]
const PROVIDERS = ['nvidia', 'Open Router', 'main', 'team: a', '8317', 'true']
const PATTERNS = ['gpt-*', '*', '*mini*', 'claude-3-*', 'plain']
const CHANNELS = ['codex', 'claude', 'kimi']

/** A config file with values, comments, quotes, indentation and line breaks in the ways people write them. */
export function randomFile(numbers: readonly number[]): RandomFile {
  return new Writer(numbers).write()
}

class Writer {
  readonly #numbers: readonly number[]
  #asked = 0
  readonly #step: number
  readonly #dash: string
  readonly #lines: string[] = []
  #linked = false

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers
    this.#step = this.#pick([2, 2, 4, 3])
    this.#dash = ' '.repeat(this.#pick([2, 0, 2, 4]))
  }

  write(): RandomFile {
    const bom = this.#is(8) ? '\ufeff' : ''
    const root = bom === '' && this.#is(12) ? '  ' : ''
    if (this.#is(6)) this.#lines.push('---')
    if (this.#is(3)) this.#comment('')
    if (!this.#is(5)) this.#settings(root)
    if (!this.#is(5)) this.#compat(root)
    if (!this.#is(5)) this.#keys(root)
    if (!this.#is(5)) this.#exclusions(root)
    if (!this.#is(5)) this.#aliases(root)
    if (this.#is(3)) this.#comment(root)
    if (this.#is(8))
      this.#lines.push('---', '# another document', 'openai-compatibility:', '  - name: nvidia')
    const eol = this.#is(4) ? '\r\n' : '\n'
    const end = this.#is(4) || this.#lines.length === 0 ? '' : eol
    return { text: `${bom}${this.#lines.join('\n').replaceAll('\n', eol)}${end}`, linked: this.#linked }
  }

  #roll(sides: number): number {
    return (this.#numbers[this.#asked++ % this.#numbers.length] ?? 0) % sides
  }

  #is(oneIn: number): boolean {
    return this.#roll(oneIn) === 0
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#roll(choices.length)] as T
  }

  #comment(indent: string): void {
    const place = this.#is(2) ? indent : '   '
    this.#lines.push(`${place}# ${this.#pick(['note', '- name: nvidia', 'prefix: old', "isn't: [it", '…'])}`)
  }

  /** One line, with what people leave around it. */
  #line(indent: string, text: string): void {
    if (this.#is(9)) this.#comment(indent)
    if (this.#is(11)) this.#lines.push(this.#is(2) ? '' : '   ')
    const tail = this.#pick(['', '', '', '', ' # said', '   ', ' #'])
    this.#lines.push(`${indent}${text.trimEnd()}${tail}`)
  }

  #text(value: string): string {
    const style = this.#roll(3)
    if (style === 0) return JSON.stringify(value)
    if (style === 1) return `'${value.replaceAll("'", "''")}'`
    const plain = /^[a-z][a-z0-9./-]*$/.test(value) && !['yes', 'null', 'true'].includes(value)
    return plain ? value : JSON.stringify(value)
  }

  #settings(root: string): void {
    this.#line(root, 'port: 8317')
    if (this.#is(2)) this.#line(root, `force-model-prefix: ${this.#pick(['true', 'false', 'False', ''])}`)
    if (this.#is(2)) this.#line(root, `request-retry: ${this.#pick(['3', '0x10', '~'])}`)
    if (this.#is(3)) this.#line(root, this.#pick(['api-keys: [a, b]', 'api-keys: []', "'api-keys': null"]))
    const routing = this.#pick(['', '{}', '{strategy: fill-first}', '{ strategy: "ff" }', '\n', '\n'])
    if (routing !== '\n') this.#line(root, `routing: ${routing}`)
    else {
      this.#line(root, 'routing:')
      this.#line(root + ' '.repeat(this.#step), 'strategy: round-robin')
      if (this.#is(2)) this.#line(root + ' '.repeat(this.#step), 'session-affinity: false')
    }
  }

  #compat(root: string): void {
    const key = this.#pick(['openai-compatibility', '"openai-compatibility"'])
    const flow = '[{name: flow, base-url: "http://x/v1", models: [{name: m, alias: a}]}'
    const inline = this.#pick([
      '',
      '[]',
      '~',
      '[ ]',
      `${flow}]`,
      `${flow}, ]`,
      '\n',
      '\n',
      '\n',
      '\n',
      '\n',
      '\n',
    ])
    if (inline !== '\n') {
      this.#line(root, `${key}: ${inline}`)
      return
    }
    this.#line(root, `${key}:`)
    const names = [...PROVIDERS.slice(this.#roll(3)), 'last'].slice(0, 1 + this.#roll(3))
    for (const name of names) this.#compatEntry(root + this.#dash, name)
  }

  #compatEntry(indent: string, name: string): void {
    const gap = ' '.repeat(this.#pick([1, 1, 1, 3]))
    const inner = `${indent} ${gap}`
    const pairs = [`name: ${this.#text(name)}`, `base-url: ${this.#text('http://up.example/v1')}`]
    if (this.#is(2)) pairs.push(`prefix: ${this.#pick([this.#text('team'), '', '""', '~'])}`)
    if (this.#is(3)) pairs.push(`priority: ${this.#pick(['1', '-5', '0'])}`)
    if (this.#is(4)) pairs.push(`disabled: ${this.#pick(['true', 'false', 'yes'])}`)
    for (let turn = this.#roll(3); turn > 0; turn--) pairs.push(...pairs.splice(0, 1))
    if (this.#is(9)) pairs.unshift('')
    pairs.forEach((pair, index) => {
      this.#line(index === 0 ? indent : inner, index === 0 ? `-${gap}${pair}` : pair)
    })
    if (this.#is(2)) {
      this.#line(inner, 'api-key-entries:')
      this.#line(inner + this.#dash, `- api-key: ${this.#text('sk-secret')}`)
    }
    if (this.#is(25)) this.#sharedModels(inner)
    else if (!this.#is(4)) this.#models(inner)
    if (this.#is(6)) this.#comment(inner)
  }

  #sharedModels(indent: string): void {
    this.#linked = true
    this.#line(indent, 'models: &shared')
    this.#line(indent + this.#dash, '- name: shared')
    this.#line(indent, 'more-models: *shared')
  }

  #models(indent: string): void {
    const item = () =>
      `{name: ${JSON.stringify(this.#pick(NAMES))}, alias: ${JSON.stringify(this.#pick(NAMES))}}`
    const inline = this.#pick([
      '',
      '[]',
      '~',
      `[${item()}, ${item()}]`,
      `[${item()}]`,
      '\n',
      '\n',
      '\n',
      '\n',
      '\n',
    ])
    if (inline !== '\n') {
      this.#line(indent, `models: ${inline}`)
      return
    }
    this.#line(indent, 'models:')
    const dash = indent + this.#dash
    for (let left = 1 + this.#roll(3); left > 0; left--) {
      this.#line(dash, `- name: ${this.#text(this.#pick(NAMES))}`)
      if (!this.#is(3)) this.#line(`${dash}  `, `alias: ${this.#text(this.#pick(NAMES))}`)
      if (this.#is(7))
        this.#lines.push(
          `${dash}  display-name: ${this.#pick(['|', '>-'])}\n${dash}    two\n${dash}    lines`,
        )
    }
  }

  #keys(root: string): void {
    this.#line(root, 'claude-api-key:')
    const dash = root + this.#dash
    for (let left = 1 + this.#roll(2); left > 0; left--) {
      this.#line(dash, `- api-key: ${this.#text('sk-ant-secret')}`)
      if (this.#is(2)) this.#line(`${dash}  `, `prefix: ${this.#text('work')}`)
      if (this.#is(2)) this.#patterns(`${dash}  `, 'excluded-models')
      if (this.#is(3)) this.#models(`${dash}  `)
    }
  }

  #exclusions(root: string): void {
    const inline = this.#pick(['{}', '', '{codex: [gpt-*, "*"], claude: []}', '\n', '\n', '\n', '\n'])
    this.#line(root, `oauth-excluded-models: ${inline}`)
    if (inline === '\n')
      for (const channel of this.#channels()) this.#patterns(root + ' '.repeat(this.#step), channel)
  }

  #aliases(root: string): void {
    const inline = this.#pick(['{}', '', 'null', '\n', '\n', '\n', '\n'])
    this.#line(root, `oauth-model-alias: ${inline}`)
    const inner = root + ' '.repeat(this.#step)
    if (inline === '\n')
      for (const channel of this.#channels()) {
        this.#line(inner, `${channel}:`)
        this.#line(inner + this.#dash, '- name: gpt-5.3-codex')
        this.#line(`${inner}${this.#dash}  `, `alias: ${this.#text('spark')}`)
        if (this.#is(2)) this.#line(`${inner}${this.#dash}  `, `fork: ${this.#pick(['true', 'false'])}`)
      }
  }

  #channels(): readonly string[] {
    return CHANNELS.slice(0, 1 + this.#roll(CHANNELS.length))
  }

  #patterns(indent: string, key: string): void {
    const inline = this.#pick(['[]', '', '["*"]', '[ plain , "gpt-*" ]', '[plain,]', '\n', '\n', '\n', '\n'])
    this.#line(indent, `${key}: ${inline}`)
    if (inline !== '\n') return
    for (let left = 1 + this.#roll(2); left > 0; left--)
      this.#line(indent + this.#dash, `- ${this.#text(this.#pick(PATTERNS))}`)
  }
}
