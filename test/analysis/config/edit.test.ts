import { describe, expect, it } from 'vitest'
import { applyEdits } from '../../../src/analysis/config/edit.ts'
import type { ConfigEdit, EntryRef } from '../../../src/analysis/config/edit-types.ts'

function edited(text: string, ...edits: ConfigEdit[]): string {
  const result = applyEdits(text, edits)
  if (result.kind === 'refused') throw new Error(`line ${result.line}: ${result.reason}`)
  return result.text
}

function refusal(text: string, edit: ConfigEdit): string {
  const result = applyEdits(text, [edit])
  return result.kind === 'refused' ? `${result.line}: ${result.reason}` : 'edited'
}

const first: EntryRef = { section: 'openai-compatibility', index: 0 }
const addNvidia: ConfigEdit = {
  kind: 'add-compat-entry',
  entry: {
    name: 'nvidia',
    baseUrl: 'https://integrate.api.nvidia.com/v1',
    prefix: 'nv',
    keys: [{ apiKey: 'nvapi-1' }],
    models: [{ name: 'z-ai/glm-5', alias: 'glm-5' }, { name: 'kimi' }],
  },
}
const LINES = `  - name: nvidia
    prefix: nv
    base-url: https://integrate.api.nvidia.com/v1
    api-key-entries:
      - api-key: nvapi-1
    models:
      - name: z-ai/glm-5
        alias: glm-5
      - name: kimi
`

describe('Adding an openai-compatibility entry', () => {
  it.each([
    ['to an empty file', '', `openai-compatibility:\n${LINES}`],
    [
      'behind the comments of a file without the section',
      'port: 1\n# the end\n',
      `port: 1\n# the end\nopenai-compatibility:\n${LINES}`,
    ],
    ['to a file without a last line break', 'port: 1', `port: 1\nopenai-compatibility:\n${LINES}`],
    [
      'to a section that says null',
      'openai-compatibility: ~ # none\nport: 1\n',
      `openai-compatibility: # none\n${LINES}port: 1\n`,
    ],
    [
      'to an empty section',
      'openai-compatibility:   # none\n# port\nport: 1\n',
      `openai-compatibility:   # none\n${LINES}# port\nport: 1\n`,
    ],
    [
      'to an empty list',
      'openai-compatibility: [] # none yet\n',
      `openai-compatibility: # none yet\n${LINES}`,
    ],
    [
      'before a second document',
      'port: 1\n---\nport: 2\n',
      `port: 1\nopenai-compatibility:\n${LINES}---\nport: 2\n`,
    ],
  ])('works %s', (_what, before, after) => {
    expect(edited(before, addNvidia)).toBe(after)
  })

  it('follows the indentation, the gap behind the dash and the quotes of the file', () => {
    const before = `openai-compatibility:
-   name: "a" # first
    base-url: "http://a"
    models:
    - name: "m"

    # commented out
# the end
`
    expect(edited(before, addNvidia)).toBe(`openai-compatibility:
-   name: "a" # first
    base-url: "http://a"
    models:
    - name: "m"
-   name: "nvidia"
    prefix: "nv"
    base-url: "https://integrate.api.nvidia.com/v1"
    api-key-entries:
    - api-key: "nvapi-1"
    models:
    - name: "z-ai/glm-5"
      alias: "glm-5"
    - name: "kimi"

    # commented out
# the end
`)
  })

  it('stays in flow style where the list is written so', () => {
    const result = edited('openai-compatibility: [{name: a, base-url: u}]\n', addNvidia)
    expect(result).toMatch(/^openai-compatibility: \[\{name: a, base-url: u\}, \{name: "nvidia", .*\}\]\n$/)
  })

  it('keeps CRLF line ends and the byte order mark', () => {
    const result = edited(
      '\ufeffport: 1\r\nopenai-compatibility:\r\n  - name: a\r\n    base-url: u\r\n',
      addNvidia,
    )
    expect(result).toBe(
      `\ufeffport: 1\r\nopenai-compatibility:\r\n  - name: a\r\n    base-url: u\r\n${LINES.replaceAll('\n', '\r\n')}`,
    )
  })

  it('does nothing when the same entry is there, and is refused when another one has the name', () => {
    const once = edited('', addNvidia)
    expect(edited(once, addNvidia)).toBe(once)
    expect(refusal('openai-compatibility:\n  - name: NVidia\n    base-url: u\n', addNvidia)).toBe(
      '2: another openai-compatibility entry has this name',
    )
  })

  it('quotes what YAML would read as something else', () => {
    const odd: ConfigEdit = {
      kind: 'add-compat-entry',
      entry: {
        name: 'yes',
        baseUrl: 'http://x/v1',
        prefix: '007',
        keys: [],
        models: [{ name: 'a: b #c', alias: '- "d"' }],
      },
    }
    expect(edited('', odd)).toBe(`openai-compatibility:
  - name: "yes"
    prefix: "007"
    base-url: http://x/v1
    models:
      - name: "a: b #c"
        alias: "- \\"d\\""
`)
  })
})

const FILE = `# head
openai-compatibility:
  - name: a          # the first
    prefix: 'old'    # isolation
    base-url: http://a/v1
    models:
      - name: up
        alias: glm   # client-stable
      # - name: later
      - {name: x, alias: y}
  - base-url: http://b/v1
    name: b
    models: [{name: m, alias: n}, {name: o}, ]   # flow
claude-api-key:
  - api-key: k
    excluded-models: ["*"]
oauth-model-alias:
  codex:
    - name: gpt-5.3-codex
      alias: spark
`

/** The lines by which two texts differ: what went, what came. */
function difference(before: string, after: string): [string[], string[]] {
  const [old, now] = [before.split('\n'), after.split('\n')]
  let head = 0
  while (head < Math.min(old.length, now.length) && old[head] === now[head]) head++
  let tail = 0
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++
  return [old.slice(head, old.length - tail), now.slice(head, now.length - tail)]
}

describe('An edit changes only its lines:', () => {
  it.each<[string, ConfigEdit, string[], string[]]>([
    [
      'a prefix in its quotes',
      { kind: 'set-prefix', entry: first, prefix: "it's" },
      ["    prefix: 'old'    # isolation"],
      ["    prefix: 'it''s'    # isolation"],
    ],
    [
      'a prefix that was not there',
      { kind: 'set-prefix', entry: { section: 'openai-compatibility', name: 'B' }, prefix: 'new' },
      [],
      ['    prefix: new'],
    ],
    [
      'no prefix any more',
      { kind: 'set-prefix', entry: first, prefix: null },
      ["    prefix: 'old'    # isolation"],
      [],
    ],
    [
      'a priority',
      { kind: 'set-priority', entry: { section: 'claude-api-key', index: 0 }, priority: -1 },
      [],
      ['    priority: -1'],
    ],
    [
      'an entry switched off',
      { kind: 'set-disabled', entry: { section: 'openai-compatibility', index: 0 }, disabled: true },
      [],
      ['    disabled: true'],
    ],
    [
      'an entry that is on already',
      { kind: 'set-disabled', entry: { section: 'openai-compatibility', index: 0 }, disabled: false },
      [],
      [],
    ],
    [
      'a model behind the last',
      { kind: 'add-model', entry: first, model: { name: 'new/up', alias: 'new' } },
      [],
      ['      - name: new/up', '        alias: new'],
    ],
    [
      'a model in a flow list',
      { kind: 'add-model', entry: { section: 'openai-compatibility', index: 1 }, model: { name: 'q' } },
      ['    models: [{name: m, alias: n}, {name: o}, ]   # flow'],
      ['    models: [{name: m, alias: n}, {name: o}, {name: "q"}, ]   # flow'],
    ],
    [
      'a model that is there',
      { kind: 'add-model', entry: first, model: { name: 'up', alias: 'glm' } },
      [],
      [],
    ],
    [
      'one model less',
      { kind: 'remove-model', entry: first, model: { name: 'up', alias: 'glm' } },
      ['      - name: up', '        alias: glm   # client-stable'],
      [],
    ],
    [
      'one model less in a flow list',
      {
        kind: 'remove-model',
        entry: { section: 'openai-compatibility', index: 1 },
        model: { name: 'm', alias: 'n' },
      },
      ['    models: [{name: m, alias: n}, {name: o}, ]   # flow'],
      ['    models: [{name: o}, ]   # flow'],
    ],
    [
      'one entry less',
      { kind: 'remove-compat-entry', name: 'b' },
      ['  - base-url: http://b/v1', '    name: b', '    models: [{name: m, alias: n}, {name: o}, ]   # flow'],
      [],
    ],
    [
      'an exclusion more',
      {
        kind: 'add-exclusion',
        target: { kind: 'entry', entry: { section: 'claude-api-key', index: 0 } },
        pattern: 'claude-3-*',
      },
      ['    excluded-models: ["*"]'],
      ['    excluded-models: ["*", "claude-3-*"]'],
    ],
    [
      'an exclusion less',
      {
        kind: 'remove-exclusion',
        target: { kind: 'entry', entry: { section: 'claude-api-key', index: 0 } },
        pattern: '*',
      },
      ['    excluded-models: ["*"]'],
      ['    excluded-models: []'],
    ],
    [
      'an exclusion for a channel',
      { kind: 'add-exclusion', target: { kind: 'oauth', channel: 'Codex' }, pattern: 'gpt-*' },
      [],
      ['oauth-excluded-models:', '  codex:', '    - "gpt-*"'],
    ],
    [
      'an OAuth alias in a new channel',
      { kind: 'add-oauth-alias', channel: 'claude', alias: { name: 'opus', alias: 'big', fork: true } },
      [],
      ['  claude:', '    - name: opus', '      alias: big', '      fork: true'],
    ],
    [
      'fork for an OAuth alias that is there',
      {
        kind: 'add-oauth-alias',
        channel: 'codex',
        alias: { name: 'gpt-5.3-codex', alias: 'spark', fork: true },
      },
      [],
      ['      fork: true'],
    ],
    [
      'the last OAuth alias gone',
      { kind: 'remove-oauth-alias', channel: 'codex', name: 'gpt-5.3-codex', alias: 'spark' },
      ['  codex:', '    - name: gpt-5.3-codex', '      alias: spark'],
      ['  codex: []'],
    ],
    [
      'a switch',
      { kind: 'set-setting', key: 'force-model-prefix', value: true },
      [],
      ['force-model-prefix: true'],
    ],
    [
      'a switch in a map of its own',
      { kind: 'set-setting', key: 'routing.strategy', value: 'fill-first' },
      [],
      ['routing:', '  strategy: fill-first'],
    ],
  ])('%s', (_what, edit, gone, come) => {
    const after = edited(FILE, edit)
    expect(difference(FILE, after)).toEqual([gone, come])
    expect(edited(after, edit)).toBe(after)
  })
})

describe('Settings', () => {
  it('stand together: a new one goes behind the last single value', () => {
    expect(
      edited('port: 1 # p\n# list\napi-keys: [a]\n', { kind: 'set-setting', key: 'request-retry', value: 3 }),
    ).toBe('port: 1 # p\nrequest-retry: 3\n# list\napi-keys: [a]\n')
  })

  it('go with their line, and with the map they leave empty', () => {
    const text = 'port: 1\nrouting:\n  strategy: ff # x\ndebug: true\n'
    expect(edited(text, { kind: 'set-setting', key: 'routing.strategy', value: null })).toBe(
      'port: 1\ndebug: true\n',
    )
    expect(edited(text, { kind: 'set-setting', key: 'debug', value: null })).toBe(
      'port: 1\nrouting:\n  strategy: ff # x\n',
    )
  })

  it('are filled in behind the colon where nothing stood', () => {
    expect(edited('debug:   # quiet\n', { kind: 'set-setting', key: 'debug', value: true })).toBe(
      'debug: true   # quiet\n',
    )
  })
})

describe('Several edits', () => {
  it('are made one after the other, or none of them', () => {
    const move: ConfigEdit[] = [
      { kind: 'remove-model', entry: first, model: { name: 'up', alias: 'glm' } },
      {
        kind: 'add-model',
        entry: { section: 'openai-compatibility', name: 'b' },
        model: { name: 'up2', alias: 'glm' },
      },
    ]
    const after = edited(FILE, ...move)
    expect(after).not.toContain('name: up\n')
    expect(after).toContain('{name: "up2", alias: "glm"}')
    const nowhere: ConfigEdit = {
      kind: 'set-priority',
      entry: { section: 'xai-api-key', index: 0 },
      priority: 1,
    }
    expect(applyEdits(FILE, [...move, nowhere])).toEqual({
      kind: 'refused',
      reason: 'there is no such xai-api-key entry',
      line: 1,
    })
  })
})

describe('An edit is refused', () => {
  const linked = `base: &base
  prefix: shared
  models: [{name: m}]
openai-compatibility:
  - &one
    name: a
    base-url: u
    models: &list
      - name: x
  - <<: *base
    name: b
    base-url: u
  - name: c
    base-url: u
    models: *list
  - *one
`
  const addTo = (index: number): ConfigEdit => ({
    kind: 'add-model',
    entry: { section: 'openai-compatibility', index },
    model: { name: 'new' },
  })

  it.each<[string, ConfigEdit, string]>([
    ['in an entry that other places refer to', addTo(0), '6: other places of the file refer to it (`&one`)'],
    ['where the list comes from a merge key', addTo(1), '10: `models` comes from a merge key (`<<`)'],
    [
      'where the list is an alias',
      addTo(2),
      '15: `models` stands elsewhere and is only referred to here (`*list`)',
    ],
    [
      'where the entry is an alias',
      addTo(3),
      '16: the entry stands elsewhere and is only referred to here (`*one`)',
    ],
    [
      'when it would remove what is referred to',
      { kind: 'remove-compat-entry', name: 'a' },
      '6: other places of the file refer to it (`&one`)',
    ],
  ])('%s', (_what, edit, reason) => {
    expect(refusal(linked, edit)).toBe(reason)
  })

  it('never where a key of its own is enough', () => {
    const edit: ConfigEdit = {
      kind: 'set-prefix',
      entry: { section: 'openai-compatibility', index: 1 },
      prefix: 'own',
    }
    expect(difference(linked, edited(linked, edit))).toEqual([[], ['    prefix: own']])
  })

  it.each<[string, string, ConfigEdit, string]>([
    [
      'broken YAML',
      'port: "1\n',
      addNvidia,
      '2: the file is no valid YAML: a closing quote, bracket, comma or colon is missing',
    ],
    ['a repeated key', 'port: 1\nport: 2\n', addNvidia, '2: a key stands twice'],
    ['a file that is a list', '- a\n', addNvidia, '1: the file is no map of keys'],
    [
      'a section that is one value',
      'openai-compatibility: x\n',
      addNvidia,
      '1: `openai-compatibility` holds one value where a list or map belongs',
    ],
    [
      'a prefix as a block of text',
      'openai-compatibility:\n  - name: a\n    prefix: |\n      b\n',
      { kind: 'set-prefix', entry: first, prefix: 'c' },
      '3: `prefix` is written as a block of text',
    ],
    [
      'exclusions where the gateway has none',
      FILE,
      { kind: 'add-exclusion', target: { kind: 'entry', entry: first }, pattern: 'x' },
      '1: the gateway ignores `excluded-models` in openai-compatibility; take the model out of `models`',
    ],
    [
      'an OAuth alias that is taken',
      FILE,
      { kind: 'add-oauth-alias', channel: 'codex', alias: { name: 'other', alias: 'SPARK', fork: true } },
      '19: another item of the channel has this alias',
    ],
    [
      'a name that two entries have',
      'openai-compatibility:\n  - name: a\n  - name: A\n',
      { kind: 'set-prefix', entry: { section: 'openai-compatibility', name: 'a' }, prefix: 'p' },
      '3: a second openai-compatibility entry has this name',
    ],
  ])('for %s', (_what, text, edit, reason) => {
    expect(refusal(text, edit)).toBe(reason)
  })
})
