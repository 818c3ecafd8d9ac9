import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Asked, askPlain, askStreamed, PROBE_TIMEOUT_MS, type Question } from '../checks/ask-model.ts'
import { type AskedPair, PARITY_CHECKS, type ParityContext, pairDiff } from '../checks/parity.ts'
import { errorCode } from '../core/error-code.ts'
import { makeDirectory } from '../core/make-directory.ts'
import type { Attachment } from '../core/report.ts'
import { counted } from '../core/text.ts'
import { readPlainAnswer } from '../wire/answer-plain.ts'
import { readStreamedAnswer } from '../wire/answer-stream.ts'
import { ENDPOINTS, type Endpoint } from '../wire/routes.ts'
import type { Invocation } from './invocation.ts'
import { judge } from './judge.ts'
import { expandPath } from './paths.ts'
import { type CommandResult, type Refusal, usageError } from './result.ts'
import type { Session } from './session.ts'
import { parseCount } from './values.ts'

/** The runbook's own model and prompt (Stream/Non-Stream Usage Parity Check). */
const RUNBOOK = { model: 'gpt-5.1-codex', prompt: 'ping' }

/** Beyond this a mistyped number costs real money. */
const MOST_REPEATS = 100

interface Order {
  readonly endpoint: Endpoint
  readonly models: readonly string[]
  readonly prompt: string
  readonly repeat: number
  readonly saveDir: string | null
}

/** `provops parity-check`. */
export async function runParityCheck(invocation: Invocation): Promise<CommandResult> {
  const order = readOrder(invocation)
  if ('kind' in order) return order
  const files = ['nonstream-file', 'stream-file'].map((name) => invocation.flags.text(name))
  const [plainFile, streamFile] = files
  if ((plainFile === undefined) !== (streamFile === undefined)) {
    return usageError('a comparison of files needs both sides', 'give --nonstream-file and --stream-file')
  }
  const compared = new Map<string, Promise<readonly AskedPair[]>>()
  const remembering = (context: ParityContext): ParityContext => ({
    ...context,
    pairs: (model) => {
      const pairs = compared.get(model) ?? context.pairs(model)
      compared.set(model, pairs)
      return pairs
    },
  })
  const attachments = async () => {
    const diffs = [...compared].map(async ([model, pairs]) => diffsOf(model, await pairs))
    return (await Promise.all(diffs)).flat()
  }
  if (plainFile !== undefined && streamFile !== undefined) {
    const context = await savedContext(invocation, order, plainFile, streamFile)
    return judge<ParityContext>(invocation, {
      name: 'parity-check',
      checks: PARITY_CHECKS,
      opens: 'nothing',
      context: async () => ('kind' in context ? context : remembering(context)),
      attachments,
    })
  }
  return judge<ParityContext>(invocation, {
    name: 'parity-check',
    checks: PARITY_CHECKS,
    context: async (session, signal) =>
      (await folderFor(order)) ??
      remembering({
        endpoint: order.endpoint,
        models: order.models,
        source: `POST ${ENDPOINTS[order.endpoint].path}`,
        pairs: (model) => askPairs(invocation, session, order, model, signal),
      }),
    attachments,
  })
}

function readOrder({ flags, world }: Invocation): Order | Refusal {
  const endpoint = (flags.text('endpoint') ?? 'responses') as Endpoint
  const models = flags.list('model')
  const repeat = parseCount(flags.text('repeat') ?? '1')
  if (repeat.kind === 'wrong' || repeat.value < 1 || repeat.value > MOST_REPEATS) {
    return usageError(
      `--repeat: ${JSON.stringify(flags.text('repeat'))} is not a number from 1 to ${MOST_REPEATS}`,
      'provops parity-check --help',
    )
  }
  const save = flags.text('save')
  return {
    endpoint,
    models: models.length > 0 ? models : [RUNBOOK.model],
    prompt: flags.text('prompt') ?? RUNBOOK.prompt,
    repeat: repeat.value,
    saveDir: save === undefined ? null : expandPath(save, world.home, world.cwd),
  }
}

/** Makes the folder of `--save` before anything is sent that costs tokens. */
async function folderFor({ saveDir }: Order): Promise<Refusal | null> {
  if (saveDir === null) return null
  try {
    makeDirectory(saveDir, 0o700)
    return null
  } catch (error) {
    return usageError(
      `cannot make the folder ${saveDir}: ${errorCode(error) ?? 'error'}`,
      'give --save a folder that can be written',
    )
  }
}

/** One pair after the other: a burst of probes could itself run into a limit. */
async function askPairs(
  invocation: Invocation,
  session: Session,
  order: Order,
  model: string,
  signal: AbortSignal,
): Promise<readonly AskedPair[]> {
  const { gateway } = session
  const { world, settings } = invocation
  const question: Question = {
    endpoint: order.endpoint,
    model,
    prompt: order.prompt,
    as: gateway.clientKeys > 0 ? 0 : 'none',
    timeoutMs: settings.origins.timeout === 'default' ? PROBE_TIMEOUT_MS : settings.values.timeout,
    signal,
  }
  if (!invocation.flags.has('quiet')) {
    world.stderr.write(
      `provops: sending ${counted(2 * order.repeat, 'request')} to ${model}, which cost tokens\n`,
    )
  }
  const pairs: AskedPair[] = []
  for (let round = 1; round <= order.repeat && !signal.aborted; round++) {
    const plain = await askPlain({ gateway, clock: world.clock }, question)
    const stream = await askStreamed({ gateway, clock: world.clock }, question)
    pairs.push({ plain, stream })
    if (order.saveDir !== null)
      await savePair(order.saveDir, `${order.endpoint}-${model}-${round}`, { plain, stream }, invocation)
  }
  return pairs
}

/** What could not be kept is told on stderr; the answers are judged all the same. */
async function savePair(
  folder: string,
  name: string,
  pair: AskedPair,
  { redactor, world }: Invocation,
): Promise<void> {
  const stem = name.replace(/[^\w.-]+/g, '_')
  const save = async (asked: Asked, suffix: string) => {
    if (asked.kind !== 'answered') return
    const path = join(folder, `${stem}-${suffix}`)
    await writeFile(path, redactor.apply(asked.raw), { mode: 0o600 }).catch((error) => {
      world.stderr.write(`provops: cannot write ${path}: ${errorCode(error) ?? 'error'}\n`)
    })
  }
  await save(pair.plain, 'nonstream.json')
  await save(pair.stream, 'stream.sse')
}

async function savedContext(
  { world }: Invocation,
  order: Order,
  plainFile: string,
  streamFile: string,
): Promise<ParityContext | Refusal> {
  const texts: string[] = []
  for (const file of [plainFile, streamFile]) {
    const path = expandPath(file, world.home, world.cwd)
    try {
      texts.push(await readFile(path, 'utf8'))
    } catch (error) {
      return usageError(
        `cannot read ${path}: ${errorCode(error) ?? 'error'}`,
        'give two files that parity-check --save has written',
      )
    }
  }
  const [plainText = '', streamText = ''] = texts
  const head = { endpoint: order.endpoint, status: 200, headers: {}, nowMs: world.clock.nowMs() }
  const answered = { kind: 'answered', status: 200, headMs: 0, trace: null } as const
  const pair: AskedPair = {
    plain: { ...answered, raw: plainText, answer: readPlainAnswer(head, plainText) },
    stream: { ...answered, raw: streamText, answer: await readStreamedAnswer(head, bytesOf(streamText)) },
  }
  return {
    endpoint: order.endpoint,
    models: order.models,
    source: `${plainFile}, ${streamFile}`,
    pairs: async () => [pair],
  }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

function diffsOf(model: string, pairs: readonly AskedPair[]): Attachment[] {
  return pairs.flatMap((pair, index) => {
    const text = pairDiff(pair)
    const round = pairs.length > 1 ? `, pair ${index + 1}` : ''
    return text === null ? [] : [{ kind: 'diff' as const, title: `usage of ${model}${round}`, text }]
  })
}
