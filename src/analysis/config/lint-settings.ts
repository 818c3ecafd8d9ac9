import { printable } from '../../core/text.ts'
import { FILE_START, type LintContext, type Rule } from './lint-types.ts'
import { strategyOf } from './settings.ts'
import type { Position } from './yaml-source.ts'

/** Keys of the gateway's own example (contract, files 2.3). */
const TEMPLATE_KEYS = new Set(['your-api-key-1', 'your-api-key-2', 'your-api-key-3'])
const BCRYPT = /^\$2[aby]\$/

function at({ config }: LintContext, key: string): Position {
  return config.settings.at.get(key) ?? FILE_START
}

/** Where requests without a key can come from. */
function reach({ config: { settings } }: LintContext): string {
  const local = /^(?:127\.|localhost$|::1$|\[::1\]$)/.test(settings.host.trim())
  return local ? 'everybody on this machine' : 'everybody who reaches the port'
}

export const SETTING_RULES = {
  'template-client-key': {
    title: 'no client key is the one of the example',
    source: 'contract, files 2.3',
    look: ({ config, flavour }) =>
      config.settings.apiKeys
        .filter(({ text }) => TEMPLATE_KEYS.has(text))
        .map((key) => ({
          severity: 'error',
          at: key.at,
          saw: 'a client key of the example file',
          effect:
            flavour === 'upstream'
              ? 'the gateway is in safe mode: 403 for every model request'
              : 'the key works, and everybody knows it',
          fix: 'put a key of your own in its place',
        })),
  },
  'no-client-key': {
    title: 'clients need a key',
    source: 'contract, files 1.2',
    look: (context) =>
      context.config.settings.apiKeys.length > 0
        ? []
        : [
            {
              severity: 'error',
              at: at(context, 'api-keys'),
              saw: 'no client key in `api-keys`',
              effect: `the API is open: ${reach(context)} spends your quota`,
              fix: 'list at least one key under `api-keys`',
            },
          ],
  },
  'mgmt-plaintext': {
    title: 'the management key is stored as a hash',
    source: 'contract, files 2.4',
    look: (context) => {
      const { secretKey } = context.config.settings.remoteManagement
      if (secretKey === '' || BCRYPT.test(secretKey)) return []
      return [
        {
          severity: 'warn',
          at: at(context, 'remote-management.secret-key'),
          saw: 'a management key in plain text',
          effect:
            'at start or reload the gateway writes its hash into this file, and moves comment lines to the left',
          fix: 'let the gateway write the hash, then read the file again before you edit it',
        },
      ]
    },
  },
  'port-missing': {
    title: 'the port is set',
    source: 'contract, files 1.2',
    look: (context) =>
      context.config.settings.port !== 0
        ? []
        : [
            {
              severity: 'warn',
              at: at(context, 'port'),
              saw: context.config.settings.at.has('port') ? 'port 0' : 'no `port`',
              effect: 'the gateway listens on a random free port',
              fix: 'write `port: 8317`',
            },
          ],
  },
  'tls-incomplete': {
    title: 'TLS has its certificate and key',
    source: 'contract, files 1.2',
    look: (context) => {
      const { enable, cert, key } = context.config.settings.tls
      if (!enable || (cert.trim() !== '' && key.trim() !== '')) return []
      return [
        {
          severity: 'error',
          at: at(context, 'tls.enable'),
          saw: '`tls.enable: true` without certificate or key',
          effect: 'the gateway does not start',
          fix: 'set `tls.cert` and `tls.key`, or `enable: false`',
        },
      ]
    },
  },
  'unknown-strategy': {
    title: 'the routing strategy is one the gateway has',
    source: 'contract, files 1.2',
    look: (context) => {
      const { strategyText } = context.config.settings
      if (strategyOf(strategyText, context.flavour) !== null) return []
      const choices =
        context.flavour === 'upstream'
          ? '`round-robin`, `weighted-round-robin` or `fill-first`'
          : '`round-robin` or `fill-first`'
      return [
        {
          severity: 'warn',
          at: at(context, 'routing.strategy'),
          saw: `the routing strategy \`${printable(strategyText)}\``,
          effect: 'the gateway does not know it and uses round-robin without a word',
          fix: `write ${choices}`,
        },
      ]
    },
  },
  'retry-zero': {
    title: 'failed requests are tried again',
    source: 'contract, files 1.2',
    look: (context) =>
      context.config.settings.at.has('request-retry')
        ? []
        : [
            {
              severity: 'info',
              at: FILE_START,
              saw: 'no `request-retry`',
              effect: 'it is 0: after every credential failed once there is no further round',
              fix: 'write `request-retry: 3`, as in the example',
            },
          ],
  },
  'request-log-on': {
    title: 'request logs cannot fill the disk',
    source: 'contract, files 1.2',
    look: (context) => {
      const { requestLog, logsMaxTotalSizeMb, commercialMode } = context.config.settings
      if (!requestLog || logsMaxTotalSizeMb > 0 || commercialMode) return []
      return [
        {
          severity: 'warn',
          at: at(context, 'request-log'),
          saw: '`request-log: true` and no limit in `logs-max-total-size-mb`',
          effect: 'every request is written to a file of its own, prompts included, until the disk is full',
          fix: 'write `request-log: false`, or set `logs-max-total-size-mb`',
        },
      ]
    },
  },
  'force-prefix-no-prefix': {
    title: 'forced prefixes have something to force',
    source: 'contract, files 1.7',
    look: (context) => {
      const { settings } = context.config
      if (
        !settings.forceModelPrefix ||
        context.offers.list.some(({ credential }) => credential.prefix !== '')
      )
        return []
      return [
        {
          severity: 'info',
          at: at(context, 'force-model-prefix'),
          saw: '`force-model-prefix: true` and no prefix anywhere',
          effect: 'nothing: credentials without a prefix are not affected',
          fix: 'give entries a `prefix`, or remove the switch',
        },
      ]
    },
  },
} as const satisfies Record<string, Rule>
