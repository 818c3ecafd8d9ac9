import { EXIT_STYLES, FAIL_ON } from '../src/core/exit-codes.ts'
import { COLORS, OUTPUTS } from '../src/shell/settings.ts'
import type { FlagSpec } from './spec.ts'

/** Flags every command takes. */
export const OUTPUT_FLAGS: readonly FlagSpec[] = [
  { flags: '-o, --output <format>', about: 'how to print the result', choices: OUTPUTS },
  { flags: '--color <when>', about: 'when to colour; NO_COLOR and FORCE_COLOR are obeyed', choices: COLORS },
  { flags: '-q, --quiet', about: 'only what is wrong, and the verdict' },
  { flags: '-v, --verbose', about: 'also where each piece of evidence comes from' },
  {
    flags: '--config <file>',
    about: 'provops.yaml to use instead of ./provops.yaml or the one in the user directory',
  },
]

/** Flags of commands that speak to a gateway. */
export const GATEWAY_FLAGS: readonly FlagSpec[] = [
  { flags: '-g, --gateway <url|name>', about: 'gateway to ask: a URL, or a name from provops.yaml' },
  {
    flags: '--embedded [scenario]',
    about: 'ask a bundled gateway that lives for this run, in a scenario (--embedded=<scenario>)',
  },
  {
    flags: '--profile <name>',
    about: 'gateway the embedded one imitates',
    choices: ['runbook', 'upstream', 'fork', 'fork-old'],
  },
  {
    flags: '--api-key-file <path|->',
    about: 'file with the client key, - for stdin; several for several keys',
    repeats: true,
  },
  { flags: '--management-key-file <path>', about: 'file with the management key' },
  { flags: '--timeout <duration>', about: 'limit for one request' },
  { flags: '--deadline <duration>', about: 'limit for the whole run' },
  { flags: '--ca-file <path>', about: 'PEM file of certificate authorities to trust' },
  { flags: '--client-cert-file <path>', about: 'PEM file of the client certificate' },
  { flags: '--client-key-file <path>', about: "PEM file of the client certificate's key" },
  { flags: '--insecure', about: 'accept any certificate; warns on stderr' },
  { flags: '--debug', about: 'HTTP timing on stderr, without keys' },
]

/** Flags of commands that judge: choose checks, wait, and turn the verdict into an exit code. */
export const JUDGING_FLAGS: readonly FlagSpec[] = [
  { flags: '--only <ids>', about: 'ask only these: ids, globs, groups', repeats: true },
  { flags: '--skip <ids>', about: 'do not ask these', repeats: true },
  { flags: '--list', about: 'print what would be asked, and ask nothing' },
  {
    flags: '--require <ids>',
    about: 'checks that must be askable: their skip counts as unknown',
    repeats: true,
  },
  { flags: '--fail-on <level>', about: 'what makes the exit code other than 0', choices: FAIL_ON },
  { flags: '--exit-style <style>', about: 'which exit codes to use', choices: EXIT_STYLES },
  { flags: '--wait <duration>', about: 'ask again until green, at most this long' },
  { flags: '--record <file>', about: 'also write the report to a file, for `provops replay`' },
]
