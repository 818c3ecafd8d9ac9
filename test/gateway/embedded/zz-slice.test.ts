import { afterEach, it } from 'vitest'
import { closeAll, post, start } from './harness.ts'
afterEach(closeAll)
it('slice', async () => {
  for (const profile of ['runbook','fork-old'] as const) {
    const g = await start({ profile })
    const show = async (p: string, body: unknown) => { const r = await g.client(p, post(body)); console.log(p, r.status, r.headers.get('x-cpa-trace-id'), (await r.text()).slice(0,900)) }
    await show('/v1/chat/completions', {model:'glm', messages:[{role:'user',content:'ping'}]})
    await show('/v1/chat/completions', {model:'glm', stream:true, messages:[{role:'user',content:'ping'}]})
    await show('/v1/responses', {model:'glm', input:'ping'})
    await show('/v1/responses', {model:'glm', input:'ping', stream: true})
    await show('/v1/messages', {model:'glm', max_tokens: 10, messages:[{role:'user',content:'ping'}]})
    await show('/v1/messages/count_tokens', {model:'glm', max_tokens: 10, messages:[{role:'user',content:'ping'}]})
    await show('/v1/completions', {model:'glm', prompt:'ping', stream:true})
    await show('/v1/chat/completions', {model:'nope', messages:[{role:'user',content:'ping'}]})
    const l = await g.manage('/logs?limit=20'); console.log((await l.json() as any).lines.join('\n'))
    const u = await g.manage('/usage-queue?count=2'); console.log(await u.text())
    const mm = await g.client('/v1/metrics/providers'); console.log(await mm.text())
  }
})
