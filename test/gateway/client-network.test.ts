import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { proxyFor } from '../../src/gateway/client/proxy.ts'
import { ROUTES } from '../../src/wire/routes.ts'
import { CLIENT_KEY, clientOf, jsonReply, seen } from './client-rig.ts'
import { whole } from './mutating-server.ts'
import { AUTHORITY, CLIENT_CERT, CLIENT_PRIVATE_KEY, SERVER_CERT, SERVER_KEY } from './tls-fixture.ts'

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function client(baseUrl: string, changes: Parameters<typeof clientOf>[1] = {}) {
  const rig = clientOf(baseUrl, changes)
  closing.push(() => rig.gateway.close())
  return rig
}

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** Answers every request with `{"ok":true}` over TLS; `seen` gets the name of the client's certificate. */
async function tlsGateway(
  options: TlsOptions = {},
): Promise<{ readonly port: number; readonly names: string[] }> {
  const names: string[] = []
  const server = createTlsServer({ cert: SERVER_CERT, key: SERVER_KEY, ...options }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', () => {
      names.push(String(socket.getPeerCertificate().subject?.CN ?? ''))
      socket.write(whole(jsonReply({ ok: true })))
    })
  })
  return { port: await listening(server), names }
}

describe('a TLS gateway', () => {
  it('that nobody vouches for is refused', async () => {
    const { port } = await tlsGateway()
    const { gateway } = client(`https://127.0.0.1:${port}`, { retries: 2 })
    expect(await gateway.get(ROUTES.healthz)).toMatchObject({
      fault: { kind: 'tls', code: expect.stringMatching(/UNABLE_TO_|SELF_SIGNED/) },
    })
    expect(gateway.tally.total).toBe(1)
  })

  it('is trusted by its authority, and by nobody when that is asked for', async () => {
    const { port } = await tlsGateway()
    const known = client(`https://127.0.0.1:${port}`, { trust: { kind: 'ca', ca: AUTHORITY } })
    const unchecked = client(`https://127.0.0.1:${port}`, { trust: { kind: 'insecure' } })
    expect(seen(await known.gateway.get(ROUTES.healthz))).toBe('json')
    expect(seen(await unchecked.gateway.get(ROUTES.healthz))).toBe('json')
    expect(known.events[0]).toMatchObject({ kind: 'connected', tlsMs: expect.any(Number) })
  })

  it('of another name is refused', async () => {
    const { port } = await tlsGateway()
    const { gateway } = client(`https://localhost:${port}`, { trust: { kind: 'ca', ca: AUTHORITY } })
    expect(await gateway.get(ROUTES.healthz)).toMatchObject({
      fault: { kind: 'tls', code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    })
  })

  it('is shown the client certificate', async () => {
    const { port, names } = await tlsGateway({ ca: AUTHORITY, requestCert: true, rejectUnauthorized: true })
    const { gateway } = client(`https://127.0.0.1:${port}`, {
      trust: { kind: 'ca', ca: AUTHORITY },
      clientCertificate: { cert: CLIENT_CERT, key: CLIENT_PRIVATE_KEY },
    })
    expect(seen(await gateway.get(ROUTES.healthz))).toBe('json')
    expect(names).toEqual(['operator'])
  })

  it('with an authority or certificate that cannot be read is a fault of TLS', async () => {
    const { port } = await tlsGateway()
    const broken = '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n'
    const { gateway } = client(`https://127.0.0.1:${port}`, {
      trust: { kind: 'insecure' },
      clientCertificate: { cert: broken, key: broken },
    })
    expect(await gateway.get(ROUTES.healthz)).toMatchObject({ fault: { kind: 'tls' } })
  })

  it('asked without TLS, or a plain one asked with it, is told apart', async () => {
    const { port } = await tlsGateway()
    const plain = createTcpServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    )
    const plainPort = await listening(plain)
    const toTls = await client(`http://127.0.0.1:${port}`).gateway.get(ROUTES.healthz)
    const toPlain = await client(`https://127.0.0.1:${plainPort}`).gateway.get(ROUTES.healthz)
    expect(toTls).toMatchObject({ kind: 'fault' })
    expect(toPlain).toMatchObject({ fault: { kind: 'tls', message: expect.stringContaining('http://') } })
  })
})

interface Proxy {
  readonly url: string
  /** The first line and head of every request the proxy got. */
  readonly heads: readonly string[]
}

/** Answers plain requests itself; tunnels lead to `tunnelPort`, whatever they ask for. */
async function proxy(tunnelPort: number, refusal?: string): Promise<Proxy> {
  const heads: string[] = []
  const server = createTcpServer((socket) => {
    socket.once('data', (data) => {
      const head = data.toString('latin1')
      heads.push(head)
      if (refusal) socket.end(refusal)
      else if (!head.startsWith('CONNECT')) socket.end(whole(jsonReply({ ok: true }), ['Connection: close']))
      else {
        const onward = connect(tunnelPort, '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
          socket.pipe(onward).pipe(socket)
        })
        onward.on('error', () => socket.destroy())
        socket.on('close', () => onward.destroy())
      }
    })
  })
  return { url: `http://127.0.0.1:${await listening(server)}`, heads }
}

const none = { httpProxy: null, httpsProxy: null, noProxy: null }

describe('a proxy', () => {
  it('gets plain requests whole', async () => {
    const { url, heads } = await proxy(0)
    const { gateway } = client('http://gateway.test:8317/gw', { proxy: { ...none, httpProxy: url } })
    expect(seen(await gateway.get(ROUTES.models))).toBe('json')
    expect(heads[0]).toMatch(/^GET http:\/\/gateway\.test:8317\/gw\/v1\/models HTTP\/1\.1/)
    expect(heads[0]).toMatch(/^host: gateway\.test:8317\r$/im)
    expect(heads[0]).toContain(CLIENT_KEY)
  })

  it('only tunnels what goes over TLS, and never sees the key then', async () => {
    const { port } = await tlsGateway()
    const { url, heads } = await proxy(port)
    const { gateway } = client('https://gateway.test', {
      proxy: { ...none, httpsProxy: url },
      trust: { kind: 'ca', ca: AUTHORITY },
    })
    expect(seen(await gateway.get(ROUTES.models))).toBe('json')
    expect(heads).toHaveLength(1)
    expect(heads[0]).toMatch(/^CONNECT gateway\.test:443 HTTP\/1\.1/)
    expect(heads[0]).not.toContain(CLIENT_KEY)
  })

  it('gets its password, and nobody else does', async () => {
    const { url, heads } = await proxy(
      0,
      'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n',
    )
    const withPassword = url.replace('//', '//user:canary-proxy-password@')
    const plain = client('http://gateway.test:8317', { proxy: { ...none, httpProxy: withPassword } })
    const tunnel = client('https://gateway.test', { proxy: { ...none, httpsProxy: withPassword } })
    const results = [await plain.gateway.get(ROUTES.healthz), await tunnel.gateway.get(ROUTES.healthz)]
    expect(heads.join()).toContain(Buffer.from('user:canary-proxy-password').toString('base64'))
    expect(results.map(seen)).toEqual(['fault unreachable', 'fault unreachable'])
    expect(JSON.stringify([results, plain.events, tunnel.events])).not.toContain('canary-proxy-password')
    expect(JSON.stringify(results)).toContain('407')
  })

  it('that is not there is named as the unreachable one', async () => {
    const { gateway } = client('http://gateway.test:8317', {
      proxy: { ...none, httpProxy: 'http://127.0.0.1:1' },
    })
    expect(await gateway.get(ROUTES.healthz)).toMatchObject({
      fault: { kind: 'unreachable', code: 'ECONNREFUSED', message: expect.stringContaining('127.0.0.1:1') },
    })
  })

  it('that is no address is a fault of the call', async () => {
    const { gateway } = client('http://gateway.test:8317', {
      proxy: { ...none, httpProxy: 'not an address' },
    })
    expect(seen(await gateway.get(ROUTES.healthz))).toBe('fault unreachable')
  })

  it('is left out for addresses that NO_PROXY names', async () => {
    const { url, heads } = await proxy(0)
    const proxied = { httpProxy: url, httpsProxy: null, noProxy: '.invalid' }
    const { gateway } = client('http://gateway.invalid:8317', { proxy: proxied })
    expect(seen(await gateway.get(ROUTES.healthz))).toBe('fault unreachable')
    expect(heads).toEqual([])
  })

  it('is not asked for loopback addresses, nor one of the other scheme', () => {
    const both = { httpProxy: 'http://a', httpsProxy: 'http://b', noProxy: null }
    const chosen = (url: string) => proxyFor(new URL(url), both)
    expect(chosen('http://gateway.test')).toBe('http://a')
    expect(chosen('https://gateway.test')).toBe('http://b')
    expect(chosen('http://127.8.9.1:8317')).toBeNull()
    expect(chosen('http://[::1]:8317')).toBeNull()
    expect(chosen('http://localhost:8317')).toBeNull()
    expect(chosen('http://gw.localhost')).toBeNull()
    expect(proxyFor(new URL('https://gateway.test'), { ...both, httpsProxy: null })).toBeNull()
    expect(proxyFor(new URL('http://gateway.test'), { ...both, httpProxy: '' })).toBeNull()
  })
})
