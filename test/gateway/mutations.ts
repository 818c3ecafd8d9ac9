import type { Socket } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { type HeadParts, headOf, type Mutation, type Wire, whole } from './mutating-server.ts'

const MIB = 1024 * 1024

/** Twice the client's limit for a body. */
const BOMB_BYTES = 16 * MIB

/** A whole 200 reply with another body. */
function body(
  text: string | Buffer | ((wire: Wire) => string | Buffer),
  head: HeadParts = {},
): Mutation['reply'] {
  return (wire) => {
    const bytes = Buffer.from(typeof text === 'function' ? text(wire) : text)
    const headers = [`Content-Length: ${bytes.length}`, ...(head.headers ?? [])]
    wire.socket.write(Buffer.concat([Buffer.from(headOf({ ...head, headers })), bytes]))
  }
}

/** A head alone; what follows is the mutation's matter. */
function raw(
  text: string | ((wire: Wire) => string | Buffer),
  end: 'open' | 'fin' | 'reset' = 'open',
): Mutation['reply'] {
  return (wire) => {
    wire.socket.write(typeof text === 'function' ? text(wire) : text, () => {
      if (end === 'fin') wire.socket.end()
      // The bytes before it have to arrive first: a reset overtakes them.
      if (end === 'reset') setTimeout(() => wire.socket.resetAndDestroy(), 30)
    })
  }
}

/** The good body under another status, or with more headers. */
function good(status: number, headers: readonly string[] = []): Mutation['reply'] {
  return (wire) => wire.socket.write(whole({ ...wire.good, status }, headers))
}

/** Writes `piece` again and again until the other side is gone. */
function pour(socket: Socket, piece: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
    if (!socket.destroyed) socket.once('drain', more)
  }
  more()
}

/** Writes `text` one character at a time. */
function drip(socket: Socket, text: string): void {
  let at = 0
  const timer = setInterval(() => socket.write(text[at++ % text.length] ?? ''), 20)
  socket.once('close', () => clearInterval(timer))
}

function half(wire: Wire): Buffer {
  return wire.good.body.subarray(0, Math.floor(wire.good.body.length / 2))
}

const CHUNKED = headOf({ headers: ['Transfer-Encoding: chunked'] })

/** The good value with every leaf of one kind replaced. */
function withLeaves(wire: Wire, leaf: (value: unknown) => unknown): string {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return leaf(value) === value ? value.map(walk) : leaf(value)
    if (typeof value !== 'object' || value === null) return leaf(value)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]))
  }
  return JSON.stringify(walk(JSON.parse(wire.good.body.toString())))
}

const LOGIN_PAGE =
  '<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to go on</body></html>'

/**
 * Replies that must never make a check pass, and never crash or hang its asker. The good reply is expected to be a
 * JSON object of more than a few bytes.
 */
export const MUTATIONS: readonly Mutation[] = [
  // JSON of the wrong shape
  { name: 'null', sees: 'json', reply: body('null') },
  { name: 'true', sees: 'json', reply: body('true') },
  { name: 'a number', sees: 'json', reply: body('0') },
  { name: 'an empty string', sees: 'json', reply: body('""') },
  { name: 'an empty list', sees: 'json', reply: body('[]') },
  { name: 'an empty object', sees: 'json', reply: body('{}') },
  {
    name: 'every list null',
    sees: 'json',
    reply: body((w) => withLeaves(w, (v) => (Array.isArray(v) ? null : v))),
  },
  {
    name: 'every list empty',
    sees: 'json',
    reply: body((w) => withLeaves(w, (v) => (Array.isArray(v) ? [] : v))),
  },
  {
    name: 'every list an object',
    sees: 'json',
    reply: body((w) => withLeaves(w, (v) => (Array.isArray(v) ? {} : v))),
  },
  {
    name: 'every text a number',
    sees: 'json',
    reply: body((w) => withLeaves(w, (v) => (typeof v === 'string' ? 7 : v))),
  },
  {
    name: 'every text empty',
    sees: 'json',
    reply: body((w) => withLeaves(w, (v) => (typeof v === 'string' ? '' : v))),
  },
  {
    name: 'every leaf null',
    sees: 'json',
    reply: body((w) => withLeaves(w, (v) => (Array.isArray(v) ? v : null))),
  },
  {
    name: 'the good value as a string',
    sees: 'json',
    reply: body((w) => JSON.stringify(w.good.body.toString())),
  },
  {
    name: 'the good value one level too deep',
    sees: 'json',
    reply: body((w) => `{"result":${w.good.body}}`),
  },
  { name: 'an error under 200', sees: 'json', reply: body('{"error":"internal error"}') },
  {
    name: 'an error object under 200',
    sees: 'json',
    reply: body('{"error":{"message":"no","type":"server_error"}}'),
  },
  {
    name: 'a thousand lists inside each other',
    sees: 'json',
    reply: body('['.repeat(1000) + ']'.repeat(1000)),
  },
  // not quite JSON
  { name: 'NaN for a value', sees: 'half-json', reply: body('{"data":NaN,"status":NaN}') },
  { name: 'two values', sees: 'half-json', reply: body((w) => `${w.good.body}${w.good.body}`) },
  { name: 'single quotes', sees: 'half-json', reply: body("{'status':'ok','data':[]}") },
  { name: 'a comment', sees: 'half-json', reply: body('{"status":"ok" /* fine */}') },
  { name: 'a hundred thousand open lists', sees: 'half-json', reply: body('['.repeat(100_000)) },
  { name: 'half of it, with the length of the half', sees: 'half-json', reply: body(half) },
  { name: 'all but the last byte', sees: 'half-json', reply: body((w) => w.good.body.subarray(0, -1)) },
  { name: 'a callback around it', sees: 'text', reply: body((w) => `callback(${w.good.body})`) },
  { name: 'a prefix against hijacking', sees: 'text', reply: body((w) => `)]}',\n${w.good.body}`) },
  {
    name: 'an event stream',
    sees: 'text',
    reply: body((w) => `data: ${w.good.body}\n\n`, { type: 'text/event-stream' }),
  },
  { name: 'base64 of it', sees: 'text', reply: body((w) => w.good.body.toString('base64')) },
  { name: 'NaN alone', sees: 'text', reply: body('NaN') },
  { name: 'YAML', sees: 'text', reply: body('status: ok\ndata: []\n', { type: 'application/yaml' }) },
  {
    name: 'XML',
    sees: 'text',
    reply: body('<?xml version="1.0"?><status>ok</status>', { type: 'text/xml' }),
  },
  { name: 'the word ok', sees: 'text', reply: body('ok', { type: 'text/plain' }) },
  {
    name: 'a Go 404 text under 200',
    sees: 'text',
    reply: body('404 page not found', { type: 'text/plain' }),
  },
  // pages
  { name: 'a login page', sees: 'html', reply: body(LOGIN_PAGE, { type: 'text/html' }) },
  { name: 'a login page called JSON', sees: 'html', reply: body(LOGIN_PAGE) },
  { name: 'a page without any tag', sees: 'html', reply: body('Bad gateway', { type: 'text/html' }) },
  {
    name: 'a megabyte of title tags',
    sees: 'html',
    reply: body('<title '.repeat(150_000), { type: 'text/html' }),
  },
  // nothing
  { name: 'no body', sees: 'empty', reply: body('') },
  { name: 'blank lines', sees: 'empty', reply: body('\n\n \r\n') },
  { name: 'nothing up to the end of the connection', sees: 'empty', reply: raw(headOf({}), 'fin') },
  { name: 'five megabytes of spaces', sees: 'empty', reply: body(' '.repeat(5 * MIB)) },
  // charsets
  {
    name: 'UTF-16 called UTF-8',
    sees: 'half-json',
    reply: body((w) => Buffer.from(w.good.body.toString(), 'utf16le')),
  },
  {
    name: 'Latin-1 called UTF-8',
    sees: 'half-json',
    reply: body(Buffer.from('{"status":"ok","data":["é"]}', 'latin1')),
  },
  {
    name: 'a byte order mark of the wrong charset',
    sees: 'text',
    reply: body((w) => Buffer.concat([Buffer.from([0xff, 0xfe]), w.good.body])),
  },
  {
    name: 'random bytes',
    sees: 'text',
    reply: body(Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 197 + 128) % 256))),
  },
  { name: 'five megabytes of a letter', sees: 'text', reply: body('A'.repeat(5 * MIB)) },
  // statuses
  { name: 'the good body under 500', sees: 'status 500', reply: good(500) },
  { name: 'the good body under 404', sees: 'status 404', reply: good(404) },
  { name: 'the good body under 503', sees: 'status 503', reply: good(503) },
  { name: 'the good body under 206', sees: 'status 206', reply: good(206) },
  { name: 'the good body under 418', sees: 'status 418', reply: good(418) },
  { name: 'the good body under 600', sees: 'status 600', reply: good(600) },
  { name: '204', sees: 'status 204', reply: raw('HTTP/1.1 204 No Content\r\n\r\n') },
  { name: '304', sees: 'status 304', reply: raw('HTTP/1.1 304 Not Modified\r\n\r\n') },
  {
    name: '429 with a page',
    sees: 'status 429',
    reply: body(LOGIN_PAGE, { status: 429, type: 'text/html' }),
  },
  {
    name: '502 with a page',
    sees: 'status 502',
    reply: body('<html><title>502</title></html>', { status: 502, type: 'text/html' }),
  },
  { name: '503 empty', sees: 'status 503', reply: body('', { status: 503 }) },
  { name: '302 to nowhere', sees: 'status 302', reply: body('', { status: 302 }) },
  // redirects
  {
    name: 'a redirect to another origin',
    sees: 'fault redirected',
    reply: (w) => body('', { status: 302, headers: [`Location: ${w.elsewhere}/x?key=1`] })(w),
  },
  {
    name: 'a redirect to another scheme',
    sees: 'fault redirected',
    reply: (w) =>
      body('', {
        status: 308,
        headers: [`Location: ${w.origin.replace('http:', 'https:')}${w.request.path}`],
      })(w),
  },
  {
    name: 'a redirect without a scheme',
    sees: 'fault redirected',
    reply: body('', { status: 301, headers: ['Location: //192.0.2.1/x'] }),
  },
  {
    name: 'a redirect to a login page here',
    sees: 'fault redirected',
    reply: body('', { status: 302, headers: ['Location: /login'] }),
  },
  {
    name: 'a redirect to itself',
    sees: 'fault redirected',
    reply: (w) => body('', { status: 301, headers: [`Location: ${w.request.path}`] })(w),
  },
  {
    name: 'a redirect between two slashes for ever',
    sees: 'fault redirected',
    reply: (w) => body('', { status: 301, headers: [`Location: ${otherSlash(w.request.path)}`] })(w),
  },
  {
    name: 'a redirect to a script',
    sees: 'fault redirected',
    reply: body('', { status: 302, headers: ['Location: javascript:alert(1)'] }),
  },
  {
    name: 'a redirect that is no address',
    sees: 'fault redirected',
    reply: body('', { status: 302, headers: ['Location: http://user:password@[?key=1'] }),
  },
  // lengths and chunks
  {
    name: 'cut before the length it promised',
    sees: 'fault truncated',
    reply: raw((w) => whole(w.good).subarray(0, -5), 'fin'),
  },
  {
    name: 'cut by a reset',
    sees: 'fault truncated',
    reply: raw((w) => whole(w.good).subarray(0, -5), 'reset'),
  },
  {
    name: 'cut by a reset without a length',
    sees: 'half-json',
    reply: raw((w) => `${headOf({})}${half(w)}`, 'reset'),
  },
  {
    name: 'cut inside a chunk',
    sees: 'fault truncated',
    reply: raw((w) => `${CHUNKED}ffff\r\n${w.good.body}`, 'fin'),
  },
  {
    name: 'cut before the last chunk',
    sees: 'fault truncated',
    reply: raw((w) => `${CHUNKED}${w.good.body.length.toString(16)}\r\n${w.good.body}\r\n`, 'fin'),
  },
  { name: 'cut without a length', sees: 'half-json', reply: raw((w) => `${headOf({})}${half(w)}`, 'fin') },
  {
    name: 'a length that is too short',
    sees: 'half-json',
    reply: raw(
      (w) => `${headOf({ headers: [`Content-Length: ${w.good.body.length - 3}`] })}${w.good.body}`,
      'fin',
    ),
  },
  {
    name: 'a length that is no number',
    sees: 'fault garbled',
    reply: raw((w) => `${headOf({ headers: ['Content-Length: many'] })}${w.good.body}`),
  },
  {
    name: 'a negative length',
    sees: 'fault garbled',
    reply: raw((w) => `${headOf({ headers: ['Content-Length: -1'] })}${w.good.body}`),
  },
  {
    name: 'two lengths',
    sees: 'fault garbled',
    reply: raw(
      (w) =>
        `${headOf({ headers: ['Content-Length: 3', `Content-Length: ${w.good.body.length}`] })}${w.good.body}`,
    ),
  },
  {
    name: 'a length and chunks',
    sees: 'fault garbled',
    reply: raw(
      (w) => `${headOf({ headers: ['Content-Length: 5', 'Transfer-Encoding: chunked'] })}${w.good.body}`,
    ),
  },
  {
    name: 'a chunk whose size is no number',
    sees: 'fault garbled',
    reply: raw((w) => `${CHUNKED}zz\r\n${w.good.body}\r\n0\r\n\r\n`),
  },
  {
    name: 'a chunk whose size is negative',
    sees: 'fault garbled',
    reply: raw((w) => `${CHUNKED}-5\r\n${w.good.body}\r\n0\r\n\r\n`),
  },
  {
    name: 'a chunk larger than its size',
    sees: 'fault garbled',
    reply: raw((w) => `${CHUNKED}2\r\n${w.good.body}\r\n0\r\n\r\n`),
  },
  // size
  {
    name: 'a promise of ten terabytes',
    sees: 'fault too-large',
    reply: raw(headOf({ headers: ['Content-Length: 10000000000000'] })),
  },
  {
    name: 'endless spaces',
    sees: 'fault too-large',
    reply: ({ socket }) => {
      socket.write(headOf({}))
      pour(socket, Buffer.alloc(MIB, ' '))
    },
  },
  {
    name: 'endless chunks',
    sees: 'fault too-large',
    reply: ({ socket }) => {
      socket.write(CHUNKED)
      pour(socket, Buffer.from(`10000\r\n${' '.repeat(65_536)}\r\n`))
    },
  },
  {
    name: 'a gzip bomb',
    sees: 'fault too-large',
    reply: body(() => gzipSync(Buffer.alloc(BOMB_BYTES, ' ')), { headers: ['Content-Encoding: gzip'] }),
  },
  {
    name: 'a brotli bomb',
    sees: 'fault too-large',
    reply: body(() => brotliCompressSync(Buffer.alloc(BOMB_BYTES, ' '), { params: { 1: 1 } }), {
      headers: ['Content-Encoding: br'],
    }),
  },
  {
    name: 'a deflate bomb',
    sees: 'fault too-large',
    reply: body(() => deflateSync(Buffer.alloc(BOMB_BYTES, ' ')), { headers: ['Content-Encoding: deflate'] }),
  },
  // encodings
  {
    name: 'plain bytes called gzip',
    sees: 'fault garbled',
    reply: (w) => body(w.good.body, { headers: ['Content-Encoding: gzip'] })(w),
  },
  {
    name: 'half a gzip',
    sees: 'fault garbled',
    reply: body((w) => gzipSync(w.good.body).subarray(0, 30), { headers: ['Content-Encoding: gzip'] }),
  },
  { name: 'gzip that is not called so', sees: 'text', reply: body((w) => gzipSync(w.good.body)) },
  {
    name: 'gzip twice',
    sees: 'fault garbled',
    reply: body((w) => gzipSync(gzipSync(w.good.body)), { headers: ['Content-Encoding: gzip, gzip'] }),
  },
  {
    name: 'an encoding nobody knows',
    sees: 'fault garbled',
    reply: body((w) => w.good.body, { headers: ['Content-Encoding: rot13'] }),
  },
  // time
  { name: 'silence', sees: 'fault timeout', reply: () => {} },
  {
    name: 'a head without end',
    sees: 'fault timeout',
    reply: ({ socket }) => drip(socket, 'HTTP/1.1 200 OK\r\nX-Slow: yes and yes and yes and yes'),
  },
  {
    name: 'a head and then silence',
    sees: 'fault timeout',
    reply: raw(headOf({ headers: ['Content-Length: 10'] })),
  },
  {
    name: 'half a body and then silence',
    sees: 'fault timeout',
    reply: raw((w) => whole(w.good).subarray(0, -5)),
  },
  {
    name: 'a body without end, one byte at a time',
    sees: 'fault timeout',
    reply: ({ socket }) => {
      socket.write(headOf({}))
      drip(socket, ' ')
    },
  },
  {
    name: 'interim replies now and then',
    sees: 'fault timeout',
    reply: ({ socket }) => drip(socket, 'HTTP/1.1 102 Processing\r\n\r\n'),
  },
  // not HTTP
  { name: 'closed without a word', sees: 'fault unreachable', reply: ({ socket }) => socket.end() },
  {
    name: 'reset without a word',
    sees: 'fault unreachable',
    reply: ({ socket }) => socket.resetAndDestroy(),
  },
  {
    name: 'closed inside the head',
    sees: 'fault unreachable',
    reply: raw('HTTP/1.1 200 OK\r\nContent-Le', 'fin'),
  },
  {
    name: 'reset inside the head',
    sees: 'fault unreachable',
    reply: raw('HTTP/1.1 200 OK\r\nContent-Le', 'reset'),
  },
  { name: 'HTTP/0.9', sees: 'fault garbled', reply: raw((w) => w.good.body, 'fin') },
  { name: 'HTTP/3.0', sees: 'fault garbled', reply: raw('HTTP/3.0 200 OK\r\n\r\n', 'fin') },
  {
    name: 'an HTTP/2 preface',
    sees: 'fault garbled',
    reply: raw(() => Buffer.from('000012040000000000000300000064', 'hex')),
  },
  {
    name: 'a TLS alert',
    sees: 'fault garbled',
    reply: raw(() => Buffer.from('15030100020246', 'hex'), 'fin'),
  },
  { name: 'an SSH banner', sees: 'fault garbled', reply: raw('SSH-2.0-OpenSSH_9.6\r\n') },
  { name: 'a Redis error', sees: 'fault garbled', reply: raw("-ERR unknown command 'GET'\r\n", 'fin') },
  {
    name: 'a status that is no number',
    sees: 'fault garbled',
    reply: raw((w) => `HTTP/1.1 abc OK\r\n\r\n${w.good.body}`),
  },
  {
    name: 'a header without a colon',
    sees: 'fault garbled',
    reply: raw((w) => `HTTP/1.1 200 OK\r\nno colon here\r\n\r\n${w.good.body}`, 'fin'),
  },
  {
    name: 'a header with a NUL',
    sees: 'fault garbled',
    reply: raw((w) => `HTTP/1.1 200 OK\r\nX: \0\r\n\r\n${w.good.body}`, 'fin'),
  },
  {
    name: 'a header of a hundred kilobytes',
    sees: 'fault garbled',
    reply: raw((w) => `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n${w.good.body}`, 'fin'),
  },
  {
    name: 'ten thousand headers',
    sees: 'fault garbled',
    reply: raw((w) => `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(10_000)}\r\n${w.good.body}`, 'fin'),
  },
  {
    name: 'a flood of interim replies',
    sees: 'fault garbled',
    reply: ({ socket }) =>
      pour(socket, Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'.repeat(100))),
  },
  { name: '100 Continue unasked', sees: 'fault garbled', reply: raw('HTTP/1.1 100 Continue\r\n\r\n') },
  {
    name: '101 Switching Protocols unasked',
    sees: 'fault garbled',
    reply: raw('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
  },
]

function otherSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : `${path}/`
}

/** Replies that look odd and are right: each has to come out as the good value. */
export const ODD_BUT_RIGHT: readonly Mutation[] = [
  {
    name: 'a byte order mark',
    sees: 'json',
    reply: body((w) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), w.good.body])),
  },
  {
    name: 'UTF-16 with its mark',
    sees: 'json',
    reply: body((w) => Buffer.from(`\ufeff${w.good.body}`, 'utf16le')),
  },
  {
    name: 'UTF-16 that is called so',
    sees: 'json',
    reply: body((w) => Buffer.from(w.good.body.toString(), 'utf16le'), {
      type: 'application/json; charset=utf-16le',
    }),
  },
  {
    name: 'a charset nobody knows',
    sees: 'json',
    reply: body((w) => w.good.body, { type: 'application/json; charset=ebcdic-7' }),
  },
  { name: 'called a page', sees: 'json', reply: body((w) => w.good.body, { type: 'text/html' }) },
  {
    name: 'without a type',
    sees: 'json',
    reply: raw((w) => `HTTP/1.1 200 OK\r\nContent-Length: ${w.good.body.length}\r\n\r\n${w.good.body}`),
  },
  { name: 'blank lines first', sees: 'json', reply: body((w) => `\n\n\n${w.good.body}`) },
  {
    name: 'gzip unasked',
    sees: 'json',
    reply: body((w) => gzipSync(w.good.body), { headers: ['Content-Encoding: gzip'] }),
  },
  {
    name: 'brotli unasked',
    sees: 'json',
    reply: body((w) => brotliCompressSync(w.good.body), { headers: ['Content-Encoding: br'] }),
  },
  {
    name: 'deflate unasked',
    sees: 'json',
    reply: body((w) => deflateSync(w.good.body), { headers: ['Content-Encoding: deflate'] }),
  },
  {
    name: 'in chunks of a byte',
    sees: 'json',
    reply: raw((w) =>
      Buffer.from(
        `${CHUNKED}${w.good.body.toString('latin1').replace(/./gs, '1\r\n$&\r\n')}0\r\n\r\n`,
        'latin1',
      ),
    ),
  },
  {
    name: 'up to the end of the connection',
    sees: 'json',
    reply: raw((w) => `${headOf({})}${w.good.body}`, 'fin'),
  },
  {
    name: 'an early hint first',
    sees: 'json',
    reply: (w) => {
      w.socket.write('HTTP/1.1 103 Early Hints\r\n\r\n')
      w.socket.write(whole(w.good))
    },
  },
  { name: 'HTTP/1.0', sees: 'json', reply: raw((w) => `HTTP/1.0 200 OK\r\n\r\n${w.good.body}`, 'fin') },
  {
    name: 'a redirect to the same page',
    sees: 'json',
    reply: (w) =>
      w.request.path.endsWith('/')
        ? w.socket.write(whole(w.good))
        : body('', { status: 301, headers: [`Location: ${w.request.path}/`] })(w),
  },
  {
    name: 'slowly',
    sees: 'json',
    reply: (w) => {
      w.socket.write(whole(w.good).subarray(0, -9))
      setTimeout(() => w.socket.write(w.good.body.subarray(-9)), 60)
    },
  },
]
