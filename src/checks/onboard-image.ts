import type { Judgement } from '../core/check.ts'
import { PROBE_TIMEOUT_MS } from './ask-model.ts'
import type { CanaryContext } from './onboard-canary.ts'
import { isBad, runCanary, verdictWords } from './playbooks/image-canary.ts'

/** The canary with a picture in a tool result, for one id (runbook, Tool-Result Image Translation Regressions). */
export async function askImageCanary(
  { gateway, clock, as, timeoutMs }: CanaryContext,
  id: string,
  signal: AbortSignal,
): Promise<Judgement> {
  const asker = {
    gateway,
    clock,
    as,
    probeTimeoutMs: timeoutMs ?? PROBE_TIMEOUT_MS,
    remember: <T>(_name: string, make: () => Promise<T>) => make(),
  }
  const { results } = await runCanary(asker, id, signal)
  const told = results.map((result) => `${result.endpoint} ${result.how}: ${verdictWords(result.verdict)}`)
  const bad = results.filter(isBad)
  const unclear = results.filter(({ verdict }) => verdict.kind === 'unclear')
  if (results.length > 0 && bad.length + unclear.length === 0)
    return { outcome: 'pass', saw: `the picture arrived in ${results.length} of ${results.length} requests` }
  return {
    outcome: bad.length > 0 ? 'fail' : 'unknown',
    saw: told.join('; ') || 'nothing was asked',
    expected: 'the picture in the tool result reaches the model, in every form',
    why: 'agents that read screenshots through tools would work blind',
    next: 'provops incident tool-result-image; leave --image-canary out for models that do not see',
  }
}
