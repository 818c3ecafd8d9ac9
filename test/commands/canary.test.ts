import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { provops } from './cli.ts'

const CANARIES = {
  client: 'sk-canary+client/7f3a9',
  management: 'mgmt-canary-91"c\\2',
  userInfo: 'canary-password-55',
}

/** Every form in which one of the canaries could leave: as it is, escaped, encoded. */
const FORMS = Object.values(CANARIES).flatMap((secret) => {
  const bytes = Buffer.from(secret)
  const inside = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift, 65), bytes])
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  )
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...inside,
    ...inside.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ]
})

function leaksIn(text: string): string[] {
  return FORMS.filter((form) => text.includes(form))
}

let home: string
let echo: Server
let thief: Server
let stolen = ''

/** A gateway that gives every key it gets back, in every way it can think of. */
function echoing(request: IncomingMessage, response: ServerResponse): void {
  const key = String(request.headers.authorization ?? 'none').replace(/^Bearer /, '')
  const forms = [
    key,
    encodeURIComponent(key),
    Buffer.from(key).toString('base64'),
    Buffer.from(`user:${key}`).toString('base64'),
    Buffer.from(key).toString('hex'),
  ].join(' ')
  const path = request.url ?? '/'
  if (path === '/healthz') {
    response.end(JSON.stringify({ status: 'ok' }))
  } else if (path === '/v1/models' && request.headers.authorization) {
    response.end(
      JSON.stringify({
        object: 'list',
        data: [
          { id: `model-${forms}`, owned_by: forms },
          { id: 'gpt-5.3-codex', owned_by: key },
        ],
      }),
    )
  } else if (path === '/v0/management/debug') {
    response.setHeader('x-cpa-version', key)
    response.end(JSON.stringify({ debug: false, echo: forms }))
  } else if (path === '/v0/management/auth-files') {
    response.end(
      JSON.stringify({
        files: [
          {
            name: forms,
            type: `codex ${forms}`,
            success: 1,
            failed: 0,
            recent_requests: [{ time: '', success: 30, failed: 9 }],
          },
        ],
      }),
    )
  } else if (path === '/v0/management/api-key-usage') {
    response.end(
      JSON.stringify({
        glm: {
          [`https://x:${key}@api.example.com/v1|${key}`]: { success: 1, failed: 0, recent_requests: [] },
        },
      }),
    )
  } else {
    response.statusCode = 403
    response.end(JSON.stringify({ error: `refused ${forms}` }))
  }
}

function listening(server: Server): Promise<string> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ),
  )
}

let echoUrl = ''
let thiefUrl = ''

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'provops-canary-'))
  writeFileSync(join(home, 'client.key'), `${CANARIES.client}\n`)
  writeFileSync(join(home, 'management.key'), CANARIES.management)
  mkdirSync(join(home, 'logs'))
  writeFileSync(
    join(home, 'logs/main.log'),
    `[2026-11-23 11:59:00] [a1b2c3d4] [warn ] [gin_logger.go:93] 401 | 51ms | 127.0.0.1 | POST "/v1/responses?key=${CANARIES.client}"\n`,
  )
  echo = createServer(echoing)
  thief = createServer((request, response) => {
    stolen += JSON.stringify(request.headers) + request.url
    response.end('{}')
  })
  echoUrl = await listening(echo)
  thiefUrl = await listening(thief)
})

afterAll(() => {
  echo.close()
  thief.close()
  rmSync(home, { recursive: true })
})

function filesBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.key') && entry.name !== 'main.log')
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n')
}

const FLAGS =
  '--api-key-file client.key --management-key-file management.key --logs logs --debug -v --record record.json'

describe('a secret', () => {
  it.each(['table', 'wide', 'short', 'json', 'ndjson'])(
    'appears nowhere in the output as %s, nor in debug lines, records or state',
    async (format) => {
      const { stdout, stderr } = await provops(`daily-check -g ${echoUrl} ${FLAGS} -o ${format}`, { home })
      expect(stdout).toContain('[secret]')
      expect(stderr).toContain('debug: GET /v1/models')
      expect(leaksIn(stdout + stderr)).toEqual([])
      expect(filesBelow(home)).toContain('provops.report/1')
      expect(leaksIn(filesBelow(home))).toEqual([])
    },
  )

  it('appears nowhere when it comes from the environment', async () => {
    const env = { PROVOPS_API_KEY: CANARIES.client, PROVOPS_MANAGEMENT_KEY: CANARIES.management }
    for (const line of [
      `daily-check -g ${echoUrl} --debug`,
      'config show',
      `config show -g http://u:${CANARIES.userInfo}@x -o json`,
    ]) {
      const { stdout, stderr } = await provops(line, { home, env })
      expect(leaksIn(stdout + stderr)).toEqual([])
    }
  })

  it('inside an address is refused and not repeated', async () => {
    const { code, stdout, stderr } = await provops(
      `daily-check -g http://me:${CANARIES.userInfo}@127.0.0.1:1`,
      { home },
    )
    expect(code).toBe(2)
    expect(stderr).toContain('holds a user name or password')
    expect(leaksIn(stdout + stderr)).toEqual([])
  })

  it('is not repeated when a key file or command is wrong', async () => {
    writeFileSync(join(home, 'two.key'), `${CANARIES.client}\n${CANARIES.management}\n`)
    const file = await provops(`daily-check -g ${echoUrl} --api-key-file two.key`, { home })
    expect([file.code, leaksIn(file.stdout + file.stderr)]).toEqual([2, []])
    writeFileSync(join(home, 'own.yaml'), `key-command: [sh, -c, "echo ${CANARIES.userInfo}; exit 3"]\n`)
    const command = await provops(`daily-check -g ${echoUrl} --config own.yaml`, { home })
    expect([command.code, leaksIn(command.stdout + command.stderr)]).toEqual([2, []])
    expect(command.stderr).toContain('ended with 3')
    rmSync(join(home, 'own.yaml'))
  })

  it('is never sent to another origin', async () => {
    const redirecting = createServer((_request, response) => {
      response.writeHead(307, { location: `${thiefUrl}/v1/models` }).end()
    })
    const url = await listening(redirecting)
    const { stdout } = await provops(`daily-check -g ${url} ${FLAGS}`, { home })
    redirecting.close()
    expect(stdout).toContain('not followed')
    expect(stolen).toBe('')
  })

  it('cannot be given as a flag', async () => {
    const { code } = await provops(`daily-check --api-key ${CANARIES.client}`, { home })
    expect(code).toBe(2)
  })
})
