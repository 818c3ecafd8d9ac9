import fc from 'fast-check'

/** Numbers that decide every detail of a random file; asked in order, so that fast-check can shrink them. */
export type Dice = (sides: number) => number

export const dice: fc.Arbitrary<readonly number[]> = fc.array(fc.nat({ max: 9_999 }), {
  minLength: 300,
  maxLength: 300,
})

export function rolling(numbers: readonly number[]): Dice {
  let at = 0
  return (sides) => (numbers[at++ % numbers.length] ?? 0) % sides
}

export interface RandomFile {
  readonly text: string
  /** True when anchors, aliases or merge keys are in it, so that an edit may be refused. */
  readonly linked: boolean
}

const NAMES = [
  'glm',
  'kimi-k2',
  'z-ai/glm-5',
  'gpt-5.3-codex',
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
export const CHANNELS = ['codex', 'claude', 'kimi']

/** A config file with values, comments, quotes, indentation and line breaks as people write them. */
export function randomFile(roll: Dice): RandomFile {
  return new Writer(roll).write()
}

class Writer {
  readonly #roll: Dice
  readonly #step: number
  readonly #dash: number
  readonly #lines: string[] = []
  #linked = false

  constructor(roll: Dice) {
    this.#roll = roll
    this.#step = this.#pick([2, 2, 4, 3])
    this.#dash = this.#pick([2, 0, 2, 4])
  }

  write(): RandomFile {
    if (this.#is(6)) this.#lines.push('---')
    if (this.#is(3)) this.#comment('')
    const root = this.#is(12) ? '  ' : ''
    const sections = [
      () => this.#settings(root),
      () => this.#compat(root),
      () => this.#keys(root),
      () => this.#channels(root, 'oauth-excluded-models'),
      () => this.#channels(root, 'oauth-model-alias'),
    ]
    for (const section of sections) if (!this.#is(5)) section()
    if (this.#is(3)) this.#comment(root)
    if (this.#is(8))
      this.#lines.push('---', '# another document', 'port: 1', 'openai-compatibility:', '  - name: nvidia')
    const eol = this.#is(4) ? '\r\n' : '\n'
    const end = this.#is(4) || this.#lines.length === 0 ? '' : eol
    return { text: `${this.#is(8) ? '\ufeff' : ''}${this.#lines.join(eol)}${end}`, linked: this.#linked }
  }

  #is(oneIn: number): boolean {
    return this.#roll(oneIn) === 0
  }

  #pick<T>(choices: readonly [T, ...T[]] | readonly T[]): T {
    return choices[this.#roll(choices.length)] as T
  }

  #comment(indent: string): void {
    this.#lines.push(
      `${this.#is(2) ? indent : '   '}# ${this.#pick(['note', '- name: nvidia', 'prefix: old', "isn't: [it", '…'])}`,
    )
  }

  /** One line, with what people leave around it. */
  #line(indent: string, text: string): void {
    if (this.#is(9)) this.#comment(indent)
    if (this.#is(11)) this.#lines.push(this.#is(2) ? '' : '   ')
    this.#lines.push(`${indent}${text}${this.#pick(['', '', '', '', ' # said', '   ', '\t# tab', ' #'])}`)
  }

  #text(value: string): string {
    const style = this.#roll(4)
    if (style === 0) return JSON.stringify(value)
    if (style === 1) return `'${value.replaceAll("'", "''")}'`
    return /^[a-z][a-z0-9./-]*$/.test(value) && value !== 'yes' && value !== 'null' && value !== 'true'
      ? value
      : JSON.stringify(value)
  }

  #settings(root: string): void {
    this.#line(root, 'port: 8317')
    if (this.#is(2)) this.#line(root, `force-model-prefix: ${this.#pick(['true', 'false', 'False', ''])}`)
    if (this.#is(2)) this.#line(root, `request-retry: ${this.#pick(['3', '0x10', '~'])}`)
    if (this.#is(3))
      this.#line(
        root,
        this.#pick([
          'routing: {}',
          'routing:',
          'routing: {strategy: fill-first}',
          'routing: { strategy: "ff" }',
        ]),
      )
    else if (this.#is(2)) {
      this.#line(root, 'routing:')
      this.#line(`${root}${' '.repeat(this.#step)}`, 'strategy: round-robin')
    }
    if (this.#is(3)) this.#line(root, this.#pick(['api-keys: [a, b]', 'api-keys: []', "'api-keys': null"]))
  }

  #compat(root: string): void {
    const key = this.#pick(['openai-compatibility', '"openai-compatibility"'])
    const shape = this.#roll(10)
    if (shape === 0)
      return this.#line(root, `${key}: ${this.#pick(['', '[]', '~', 'null', '[ ]'])}`.trimEnd())
    if (shape === 1)
      return this.#line(
        root,
        `${key}: [{name: flow, base-url: "http://x/v1", models: [{name: m, alias: a}]}${this.#pick([']', ', ]'])}`,
      )
    this.#line(root, `${key}:`)
    const count = 1 + this.#roll(3)
    for (let i = 0; i < count; i++)
      this.#compatEntry(
        `${root}${' '.repeat(this.#dash)}`,
        PROVIDERS[(i + this.#roll(2)) % PROVIDERS.length] ?? 'p',
      )
  }

  #compatEntry(indent: string, name: string): void {
    const gap = this.#pick([1, 1, 1, 3])
    const pairs: (() => void)[] = []
    const inner = `${indent}${' '.repeat(1 + gap)}`
    const anchor = this.#is(25)
    if (anchor) this.#linked = true
    const heads = [`name: ${this.#text(name)}`, `base-url: ${this.#text('http://up.example/v1')}`]
    if (this.#is(2)) heads.push(`prefix: ${this.#pick([this.#text('team'), '', '""', '~'])}`.trimEnd())
    if (this.#is(3)) heads.push(`priority: ${this.#pick(['1', '-5', '0'])}`)
    if (this.#is(4)) heads.push(`disabled: ${this.#pick(['true', 'false', 'yes'])}`)
    for (let k = this.#roll(3); k > 0; k--) heads.push(heads.shift() as string)
    if (this.#is(2)) pairs.push(() => this.#keyEntries(inner))
    if (!this.#is(4)) pairs.push(() => this.#models(inner, anchor))
    const first = heads.shift() as string
    if (this.#is(9)) {
      this.#line(indent, '-')
      this.#line(inner, first)
    } else this.#line(indent, `-${' '.repeat(gap)}${first}`)
    for (const head of heads) this.#line(inner, head)
    for (const pair of pairs) pair()
    if (this.#is(6)) this.#comment(inner)
  }

  #keyEntries(indent: string): void {
    this.#line(indent, 'api-key-entries:')
    this.#line(`${indent}${' '.repeat(this.#dash)}`, `- api-key: ${this.#text('sk-secret')}`)
  }

  #models(indent: string, anchor: boolean): void {
    const shape = this.#roll(6)
    if (anchor) {
      this.#line(indent, 'models: &shared')
      this.#line(`${indent}${' '.repeat(this.#dash)}`, '- name: shared')
      return this.#line(indent, 'more-models: *shared')
    }
    if (shape === 0) return this.#line(indent, `models: ${this.#pick(['[]', '', '~'])}`.trimEnd())
    if (shape === 1) {
      const items = Array.from(
        { length: 1 + this.#roll(3) },
        () => `{name: ${JSON.stringify(this.#pick(NAMES))}, alias: ${JSON.stringify(this.#pick(NAMES))}}`,
      )
      return this.#line(indent, `models: [${items.join(', ')}]`)
    }
    this.#line(indent, 'models:')
    const dash = `${indent}${' '.repeat(this.#dash)}`
    for (let i = 1 + this.#roll(3); i > 0; i--) {
      this.#line(dash, `- name: ${this.#text(this.#pick(NAMES))}`)
      if (!this.#is(3)) this.#line(`${dash}  `, `alias: ${this.#text(this.#pick(NAMES))}`)
      if (this.#is(7))
        this.#line(`${dash}  `, `display-name: ${this.#pick(['|', '>-'])}\n${dash}    two\n${dash}    lines`)
    }
  }

  #keys(root: string): void {
    this.#line(root, 'claude-api-key:')
    const dash = `${root}${' '.repeat(this.#dash)}`
    for (let i = 1 + this.#roll(2); i > 0; i--) {
      this.#line(dash, `- api-key: ${this.#text('sk-ant-secret')}`)
      if (this.#is(2)) this.#line(`${dash}  `, `prefix: ${this.#text('work')}`)
      if (this.#is(2)) this.#patterns(`${dash}  `, 'excluded-models')
      if (this.#is(3)) this.#models(`${dash}  `, false)
    }
  }

  #channels(root: string, section: 'oauth-excluded-models' | 'oauth-model-alias'): void {
    const shape = this.#roll(7)
    if (shape === 0) return this.#line(root, `${section}: ${this.#pick(['{}', '', 'null'])}`.trimEnd())
    if (shape === 1 && section === 'oauth-excluded-models')
      return this.#line(root, `${section}: {codex: [gpt-*, "*"], claude: []}`)
    this.#line(root, `${section}:`)
    const inner = `${root}${' '.repeat(this.#step)}`
    for (const channel of CHANNELS.slice(0, 1 + this.#roll(CHANNELS.length))) {
      if (section === 'oauth-excluded-models') this.#patterns(inner, channel)
      else {
        this.#line(inner, `${channel}:`)
        const dash = `${inner}${' '.repeat(this.#dash)}`
        this.#line(dash, `- name: gpt-5.3-codex`)
        this.#line(`${dash}  `, `alias: ${this.#text('spark')}`)
        if (this.#is(2)) this.#line(`${dash}  `, `fork: ${this.#pick(['true', 'false'])}`)
      }
    }
  }

  #patterns(indent: string, key: string): void {
    const shape = this.#roll(5)
    if (shape === 0)
      return this.#line(
        indent,
        `${key}: ${this.#pick(['[]', '', '["*"]', '[ plain , "gpt-*" ]', '[plain,]'])}`.trimEnd(),
      )
    this.#line(indent, `${key}:`)
    for (let i = 1 + this.#roll(2); i > 0; i--)
      this.#line(`${indent}${' '.repeat(this.#dash)}`, `- ${this.#text(this.#pick(PATTERNS))}`)
  }
}
