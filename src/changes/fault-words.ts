import { printable } from '../core/text.ts'
import type { Fault } from '../gateway/port.ts'
import type { FileFault } from './file-fault.ts'
import type { ManagementFault, Note, StoreFault } from './store.ts'

/** A fault as one clause, without secrets and safe for a terminal. */
export function faultWords(fault: StoreFault): string {
  return 'path' in fault ? fileWords(fault) : managementWords(fault)
}

export function noteWords(note: Note): string {
  switch (note.kind) {
    case 'backup-elsewhere':
      return `the backup is in the state directory: ${fileWords(note.because)}`
    case 'not-persisted':
      return 'the gateway holds the change in memory only: its file system is read-only, and a restart loses it'
    case 'normalised':
      return 'the gateway stored the text in its own layout: comment lines may have moved to the left edge'
    case 'not-read-back':
      return 'the gateway acknowledged the text; reading it back failed'
    case 'unreadable-runs':
      return `journals that cannot be read: ${printable(note.runIds.join(', '))}`
    case 'journal-behind':
      return `the journal lacks its last entry: ${fileWords(note.because)}; provops undo finds out by itself`
  }
}

export function shownPath(path: string): string {
  return printable(path, 500)
}

function fileWords(fault: FileFault): string {
  const path = shownPath(fault.path)
  switch (fault.kind) {
    case 'missing':
      return `${path} is not there`
    case 'no-permission':
      return `no permission for ${path} (${fault.code})`
    case 'read-only':
      return `${path} lies on a read-only file system`
    case 'disk-full':
      return `no space left to write ${path} (${fault.code})`
    case 'exists':
      return `${path} is there already`
    case 'io':
      return `${path}: ${fault.code}`
    case 'not-a-file':
      return `${path} is not a regular file`
    case 'not-utf8':
      return `${path} is not UTF-8 text`
    case 'too-large':
      return `${path} is larger than ${fault.limitBytes / 1024 / 1024} MiB`
    case 'short-write':
      return `only ${fault.wroteBytes} of ${fault.wantedBytes} bytes fitted into ${path}: the disk or a quota is full`
    case 'moved':
      return `${path} leads to ${shownPath(fault.to)} now`
    case 'damaged':
      return `${path} does not hold what was put there`
  }
}

function managementWords(fault: ManagementFault): string {
  switch (fault.kind) {
    case 'no-reply':
      return noReplyWords(fault.fault)
    case 'refused':
      return `the gateway refused the management key (${fault.status}${said(fault.said)})`
    case 'not-offered':
      return 'the gateway has no management route for its config.yaml (404), or management is off'
    case 'rejected':
      return `the gateway does not accept the text (${fault.status}${said(fault.said)})`
    case 'not-saved':
      return `the gateway did not save the text (${fault.status}${said(fault.said)})`
    case 'secret-key-changed':
      return 'remote-management.secret-key would change, which would lock this command out'
    case 'unreadable-text':
      return 'the text is not readable as YAML, so nothing was sent'
    case 'stored-differently':
      return 'the gateway acknowledged the text and holds other values'
  }
}

function noReplyWords(fault: Fault): string {
  if (fault.kind === 'no-key') return 'there is no management key'
  if (fault.kind === 'held-back') return 'the management key was refused earlier and is not tried again'
  return `the gateway gave no usable reply (${fault.kind})`
}

function said(text: string): string {
  return text === '' ? '' : `: ${text}`
}
