/**
 * The inner modules of undici that the client uses. `import 'undici'` loads fetch, WebSocket, mocks and caches too.
 * Bundled and minified, on a machine where bare node takes 100 ms of processor time, it adds 100 ms to a command and
 * these add 40 (node:http alone 18; node's own fetch, which lets nobody choose pools, proxies or authorities, 42).
 */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici'
  export default Pool
}

declare module 'undici/lib/dispatcher/env-http-proxy-agent.js' {
  import { EnvHttpProxyAgent } from 'undici'
  export default EnvHttpProxyAgent
}

declare module 'undici/lib/api/api-connect.js' {
  import type { Dispatcher } from 'undici'

  const connect: Dispatcher['connect']
  export default connect
}

declare module 'undici/lib/core/connect.js' {
  import type { Socket } from 'node:net'
  import type { buildConnector } from 'undici'
  /** Unlike in undici's own types the connector returns its socket, which it does. */
  export type Connector = (options: buildConnector.Options, callback: buildConnector.Callback) => Socket
  const build: (options: buildConnector.BuildOptions) => Connector
  export default build
}
