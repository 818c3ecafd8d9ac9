import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { codeOf, refused, type StartProblem } from './start-problem.ts'

export type Listening =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'refused'; readonly problem: StartProblem }

/** Listens on loopback only; port 0 takes any free one. */
export function listen(server: Server, port: number): Promise<Listening> {
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(refusedPort(port, codeOf(error))))
    server.listen(port, '127.0.0.1', () => {
      resolve({ kind: 'listening', port: (server.address() as AddressInfo).port })
    })
  })
}

function refusedPort(port: number, code: string): Listening {
  if (code === 'EADDRINUSE')
    return refused(
      `port ${port} is taken`,
      'stop what listens there, or choose another port (0 takes a free one)',
    )
  if (code === 'EACCES') return refused(`port ${port} may not be opened`, 'choose a port above 1023')
  return refused(`port ${port} cannot be opened: ${code}`, 'choose another port (0 takes a free one)')
}
