import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { createEventReader, readEventStream, type SseEnd, type SseEvent } from '../../src/wire/sse.ts'
import { anyChunking, encode, inChunks } from './streams.ts'

interface Plain {
  readonly name: string | undefined
  readonly data: string
}

function plain({ name, data }: SseEvent): Plain {
  return { name, data }
}

async function read(text: string | Uint8Array, sizes: readonly number[] = [], maxEventChars = 1 << 20) {
  const events: Plain[] = []
  const bytes = typeof text === 'string' ? encode(text) : text
  const end = await readEventStream(inChunks(bytes, sizes), (event) => events.push(plain(event)), {
    maxEventChars,
  })
  return { events, end }
}

const datas = async (text: string, sizes: readonly number[] = []) =>
  (await read(text, sizes)).events.map((event) => event.data)

describe('an event stream', () => {
  it('gives events with and without a name', async () => {
    const { events, end } = await read('event: response.created\ndata: {"a":1}\n\ndata: {"b":2}\n\n')
    expect(events).toEqual([
      { name: 'response.created', data: '{"a":1}' },
      { name: undefined, data: '{"b":2}' },
    ])
    expect(end).toEqual({ kind: 'ended', sizeBytes: 54 })
  })

  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('may end its lines in %s', async (_, eol) => {
    const text = ['event: a', 'data: 1', '', ': comment', '', 'data: 2', 'data: 3', '', ''].join(eol)
    expect((await read(text, [1])).events).toEqual([
      { name: 'a', data: '1' },
      { name: undefined, data: '2\n3' },
    ])
  })

  it('hands out an event of a CR stream as soon as its blank line has come', () => {
    const seen: string[] = []
    const reader = createEventReader((event) => seen.push(event.data))
    reader.push(encode('data: 1\r\r'))
    expect(seen).toEqual(['1'])
  })

  it('does not take a CRLF that is cut in two for two line ends', async () => {
    expect(await datas('data: 1\r\ndata: 2\r\n\r\n', [8])).toEqual(['1\n2'])
  })

  it('joins data lines, and keeps blanks but the first', async () => {
    expect(await datas('data:a\ndata:  b\ndata\ndata: c \n\n')).toEqual(['a\n b\n\nc '])
  })

  it('passes over comments, heartbeats, ids, retry times, unknown fields and events without data', async () => {
    const text = ': keep-alive\n\nid: 7\nretry: 10\nretry: soon\nfoo: bar\nevent: ping\n\n\n\ndata: x\n\n'
    expect((await read(text)).events).toEqual([{ name: undefined, data: 'x' }])
  })

  it('keeps frames whole when a heartbeat comes between their lines', async () => {
    expect(await datas('event: a\n: keep-alive\ndata: 1\n\n')).toEqual(['1'])
  })

  it('may begin with blank lines, as older gateways do', async () => {
    expect(await datas('\n\n\nevent: a\ndata: 1\n\n')).toEqual(['1'])
  })

  it('gives a last event that nothing ends', async () => {
    expect(await datas('data: 1\n\ndata: 2')).toEqual(['1', '2'])
    expect(await datas('data: 1\n\ndata: 2\n')).toEqual(['1', '2'])
    expect(await datas('data: 1\r\n\r\ndata: 2\r')).toEqual(['1', '2'])
  })

  it.each([1, 2, 3, 4])('may begin with a byte order mark, cut into chunks of %i', async (size) => {
    expect(await datas('\uFEFFdata: 1\n\n', [size])).toEqual(['1'])
  })

  it('may be shorter than a byte order mark', async () => {
    expect((await read('')).events).toEqual([])
    expect((await read('\n')).events).toEqual([])
    expect((await read('d')).events).toEqual([])
  })

  it('is read in UTF-8, wherever a character is cut', async () => {
    const text = 'event: größe\ndata: Grüße 世界 🙂 é\n\nevent: größe\ndata: plain\n\n'
    for (const size of [1, 2, 3, 5, 7]) {
      expect((await read(text, [size])).events).toEqual([
        { name: 'größe', data: 'Grüße 世界 🙂 é' },
        { name: 'größe', data: 'plain' },
      ])
    }
  })

  it('shows bytes that are no UTF-8 as replacement characters', async () => {
    const bytes = Uint8Array.from([...encode('data: a'), 0xff, ...encode('b\n\n')])
    expect((await read(bytes)).events[0]?.data).toBe('a\uFFFDb')
  })

  it('may carry events of several megabytes, also in one chunk', async () => {
    const big = 'ü'.repeat(1_500_000)
    const text = `event: big\ndata: ${big}\n\ndata: after\n\n`
    for (const sizes of [[], [65_536], [4096]]) {
      const { events } = await read(text, sizes, 4 << 20)
      expect(events.map((event) => event.data.length)).toEqual([1_500_000, 5])
    }
  })

  it('stops at an event that outgrows the limit, however it is cut, and closes the source', async () => {
    let closed = false
    async function* source() {
      try {
        yield* inChunks(encode(`data: 1\n\ndata: ${'x'.repeat(101)}\n\ndata: 2\n\n`), [7])
      } finally {
        closed = true
      }
    }
    const seen: string[] = []
    const end = await readEventStream(source(), (event) => seen.push(event.data), { maxEventChars: 100 })
    expect(end).toMatchObject({ kind: 'event-too-large', limitChars: 100 })
    expect(seen).toEqual(['1'])
    expect(closed).toBe(true)
  })

  it('counts the limit over all lines of one event', async () => {
    const fits = `data: ${'x'.repeat(60)}\ndata: ${'y'.repeat(39)}\n\n`
    for (const sizes of [[], [1], [64]]) {
      expect((await read(fits.repeat(50), sizes, 100)).events).toHaveLength(50)
      expect((await read(`data: ${'ü'.repeat(101)}\n\n`, sizes, 100)).end.kind).toBe('event-too-large')
    }
    expect((await read(`data: ${'x'.repeat(200)}`, [], 100)).end.kind).toBe('event-too-large')
  })

  it('says that its source broke, and keeps what had come', async () => {
    async function* source() {
      yield encode('data: 1\n\ndata: 2')
      throw new TypeError('terminated', { cause: new Error('read ECONNRESET') })
    }
    const seen: string[] = []
    const end = await readEventStream(source(), (event) => seen.push(event.data))
    expect(end).toEqual({ kind: 'broken', reason: 'read ECONNRESET', sizeBytes: 16 })
    expect(seen).toEqual(['1', '2'])
  })

  it('leaves an error of the reader to the reader', async () => {
    const reading = readEventStream(inChunks(encode('data: 1\n\n')), () => {
      throw new RangeError('mine')
    })
    await expect(reading).rejects.toThrow(new RangeError('mine'))
  })

  it('is what the standard says, however it is cut', () => {
    const field = fc.constantFrom('data', 'event', 'id', 'retry', '', 'data ', 'datax')
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('', ' ', '{"a":"é🙂"}', '[DONE]', ':', '\uFEFF'),
    )
    const eol = fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\n\r\n', '\r\r')
    const line = fc.tuple(field, fc.constantFrom(':', ': ', ''), value, eol)
    const text = fc
      .array(line, { maxLength: 30 })
      .map((lines) => lines.map((parts) => parts.join('')).join(''))
    const property = fc.asyncProperty(text, anyChunking, fc.boolean(), async (stream, sizes, marked) => {
      const { events } = await read(marked ? `\uFEFF${stream}` : stream, sizes)
      expect(events).toEqual(reference(stream))
    })
    return fc.assert(property, { numRuns: 400 })
  })

  it('is read in memory that does not grow with it', async () => {
    const frame = `event: response.output_text.delta\ndata: ${JSON.stringify({ delta: 'é'.repeat(2000) })}\n\n`
    const block = encode(frame.repeat(15))
    const heapMb = () => process.memoryUsage().heapUsed / 1e6
    const before = heapMb()
    let highest = 0
    async function* source() {
      for (let i = 0; i < 2000; i++) {
        if (i % 100 === 0) highest = Math.max(highest, heapMb())
        yield block
      }
    }
    const { sizeBytes } = await readEventStream(source(), () => {})
    expect(sizeBytes).toBeGreaterThan(120e6)
    expect(highest - before).toBeLessThan(60)
  })
})

/** Event stream parsing as the HTML standard words it, but for the last event, which may be without its blank line. */
function reference(text: string): Plain[] {
  const events: Plain[] = []
  let name: string | undefined
  let data: string[] = []
  for (const line of [...text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/), '']) {
    const [, field = '', value = ''] = /^([^:]*)(?::[ ]?(.*))?$/s.exec(line) ?? []
    if (line === '') {
      if (data.length > 0) events.push({ name, data: data.join('\n') })
      name = undefined
      data = []
    } else if (field === 'data') data.push(value)
    else if (field === 'event') name = value === '' ? undefined : value
  }
  return events
}

describe('an event stream over a socket', () => {
  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  async function serve(write: (response: ServerResponse) => void): Promise<string> {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      write(response)
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }

  async function readFrom(url: string): Promise<{ events: number; end: SseEnd }> {
    const { body } = await fetch(url)
    if (body === null) throw new Error('no body')
    let events = 0
    const end = await readEventStream(body, () => events++)
    return { events, end }
  }

  it('is read to its end', async () => {
    const url = await serve((response) => {
      for (let i = 0; i < 1000; i++) response.write(`data: {"i":${i},"text":"Grüße"}\r\n\r\n`)
      response.end()
    })
    expect(await readFrom(url)).toMatchObject({ events: 1000, end: { kind: 'ended' } })
  })

  it('is broken when the socket is reset', async () => {
    const url = await serve((response) => {
      response.write('data: 1\n\n', () => response.socket?.resetAndDestroy())
    })
    expect(await readFrom(url)).toMatchObject({ end: { kind: 'broken' } })
  })
})
