import { connect } from 'node:net'
import { it } from 'vitest'
import { closeAll, start } from './harness.ts'
it('slow', { timeout: 60_000 }, async () => {
  const { gateway, client } = await start()
  const results = await Promise.all([0, 1, 2].map((kind) => new Promise<string>((resolve) => {
    const t = Date.now()
    const s = connect(gateway.port, '127.0.0.1')
    let got = ''
    s.on('data', (d) => { got += d })
    s.on('error', () => {})
    const timer = setInterval(() => s.write(kind === 0 ? 'X-a: b\r\n' : kind === 1 ? 'G' : 'x'), 500)
    s.on('close', () => { clearInterval(timer); resolve(`${kind} ${Date.now() - t} ms: ${got.slice(0, 200)}`) })
    if (kind === 0) s.write('GET /v1/models HTTP/1.1\r\nHost: x\r\n')
    if (kind === 2) { s.write('POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-client-1\r\nContent-Length: 30\r\n\r\n') ; setTimeout(() => clearInterval(timer), 20000)}
    setTimeout(() => s.destroy(), 25_000)
  })))
  process.stderr.write(results.join('\n') + '\n')
  process.stderr.write(`still ${(await client('/v1/models')).status}\n`)
  await closeAll()
})
