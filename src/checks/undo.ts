import type { Check, Judgement } from '../core/check.ts'

/** What `undo` lends its checks; each is called once, in the order of the checks. */
export interface UndoContext {
  readonly restore: () => Promise<Judgement>
  readonly verify: () => Promise<Judgement>
}

export const UNDO_CHECKS: readonly Check<UndoContext>[] = [
  {
    id: 'undo.restored',
    title: 'the configuration holds the text before the run again',
    group: 'undo',
    asks: 'Does the file, or the gateway through its management routes, hold the text before the run again, byte by byte? It is replaced only while it still holds what the run wrote.',
    why: 'Whatever else was edited since must not be lost with the run.',
    cost: 'files',
    fix: 'Edited since: compare with the backup and copy by hand, or undo the later run first.',
    runbook: 'Onboard a New Provider; Rotation and Quota Strategy',
    ask: ({ restore }) => restore(),
  },
  {
    id: 'undo.effective',
    title: 'the gateway runs with the restored configuration',
    group: 'undo',
    asks: 'Within 10 s: are the ids that the run added gone from GET /v1/models, and those it removed back? Where no id differs, the providers of the management routes are compared.',
    why: 'A gateway that does not see the file goes on with what it had.',
    cost: 'reads',
    fix: 'Restart the gateway once when it has lost its watch on the file, and name the file it really reads.',
    runbook: 'Onboard a New Provider, 4',
    needs: ['undo.restored'],
    ask: ({ verify }) => verify(),
  },
]
