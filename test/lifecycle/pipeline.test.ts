import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Event, FLAG_STATE_ONLY, isCaptureError, open, openFile, pipeline, type PipelineOptions, type Pipeline, type QueueOptions } from '../../lib/index.js'
import { all } from '../helpers/clusters.js'
import { ROOT } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE } from '../helpers/trace.js'

const test = suite('pipeline', { needs: ['linux'], timeoutMs: 60_000 })
const stage = (name: string) => join(ROOT, 'test/fixtures/stages', `${name}.mjs`)
const queueOf = (chain: Pipeline, options: QueueOptions = {}) => open(chain.device as `cluster:${string}`, options)

/** Of an event, what tells it from the others. */
const seenOf = ({ ts, tid, type, note, flags }: Event) => ({ ts, tid, type, note, stateOnly: (flags & FLAG_STATE_ONLY) !== 0 })

/** What the stages exits and tenth should make of the trace, by the same functions on this thread. */
async function expected(): Promise<ReturnType<typeof seenOf>[]> {
  let count = 0
  const events = await all(await openFile(TRACE), seenOf)
  return events.filter(({ stateOnly, type }) => !stateOnly && type % 2 === 1)
    .map(event => (++count % 10 === 0 ? { ...event, note: `number ${count}` } : event))
    .filter(({ note, tid }) => note !== undefined || tid % 2 === 0)
}

async function through(stages: string[], options: PipelineOptions = {}, queueOptions: QueueOptions = {}) {
  const chain = await pipeline(await openFile(TRACE), stages.map(stage), options)
  try {
    const events = await all(await queueOf(chain, queueOptions), seenOf)
    await chain.ended
    return { events, stats: chain.stats() }
  } finally {
    await chain.close()
  }
}

function sums({ stages }: { stages: readonly { seen: number; passed: number; refused: number; dropped: number }[] }): void {
  for (const { seen, passed, refused, dropped } of stages) assert.is(seen, passed + refused + dropped)
}

test('drops, passes and annotates; what comes out is what the functions say, in order', async () => {
  const { events, stats } = await through(['exits', 'tenth'])
  assert.equal(events, await expected())
  sums(stats)
  const [exits, tenth] = stats.stages
  assert.is(exits.seen, stats.seen - stats.dropped)
  assert.is(tenth.seen, exits.passed)
  assert.is(tenth.passed, events.length)
  assert.equal([exits.stage, tenth.stage], ['exits.mjs', 'tenth.mjs'])
})

test('a small queue is waited for, where the source is a file', async () => {
  const { events, stats } = await through(['exits', 'tenth'], { queueBytes: 128 << 10 })
  assert.is(events.length, (await expected()).length)
  assert.equal(stats.stages.map(({ dropped }) => dropped), [0, 0])
})

test('with full: drop every stage counts what it has no room for', async () => {
  const chain = await pipeline(await openFile(TRACE), [stage('exits')], { queueBytes: 128 << 10, full: 'drop' })
  await chain.ended
  const events = await all(await queueOf(chain), seenOf)
  const stats = chain.stats()
  await chain.close()
  sums(stats)
  const [{ seen, passed, dropped }] = stats.stages
  assert.is(stats.seen, seen + stats.dropped)
  assert.ok(stats.dropped + dropped > 0)
  assert.is(events.length, passed)
})

test('what others cannot be understood without comes along, flagged', async () => {
  const { events } = await through(['exits', 'tenth'], {}, { stateEvents: true })
  const shown = events.filter(({ stateOnly }) => !stateOnly)
  assert.equal(shown, await expected())
  assert.ok(events.length > shown.length)
})

test('stages know the processes of a file, and get data; names come out at the end too', async () => {
  const messages: unknown[] = []
  const { events } = await through(['data'], { state: true, stageData: { answer: 42 }, onMessage: (message, index) => messages.push([index, message]) })
  assert.equal(messages, [[0, { got: { answer: 42 } }]])
  const names: string[] = []
  for await (const burst of await openFile(TRACE, { state: true })) {
    for (const ev of burst) if ((ev.flags & FLAG_STATE_ONLY) === 0 && ev.comm !== undefined) names.push(ev.comm)
  }
  assert.equal(events.map(({ note }) => note), names.map(name => (name === '' ? undefined : name)))
})

test('a stage that throws ends the pipeline with its error; what came before is good', async () => {
  const chain = await pipeline(await openFile(TRACE), [stage('exits'), stage('throws')], { queueBytes: 128 << 10 })
  let events = 0
  try {
    for await (const burst of await queueOf(chain)) for (const _ of burst) events++
    assert.unreachable('the queue ended as if all was well')
  } catch (error) {
    assert.ok(isCaptureError(error), String(error))
    assert.is(error.code, 'ERR_CAPTURE_PRODUCER')
  }
  await chain.ended.then(() => assert.unreachable(), ({ message }: Error) => assert.is(message, 'no more of that'))
  const { stages } = chain.stats()
  await chain.close() // it has been told
  sums({ stages })
  assert.is(stages[1].passed, 999)
  assert.is(events, 999)
})

for (const [what, name, sentence] of [['no module', 'nothing', /cannot be loaded/], ['no function', 'number', /no function that decides at once/], ['an async function', 'async', /no function that decides at once/]] as const) {
  test(`${what} is no stage`, async () => {
    const file = await openFile(TRACE)
    await pipeline(file, [stage('exits'), stage(name)]).then(() => assert.unreachable(), error => {
      assert.ok(isCaptureError(error))
      assert.is(error.code, 'ERR_CAPTURE_OPTION')
      assert.match(error.message, sentence)
    })
    await file.close()
  })
}

test('options are checked by name', async () => {
  const refused = async (stages: string[], options: object, sentence: RegExp) => {
    const file = await openFile(TRACE)
    await pipeline(file, stages, options).then(() => assert.unreachable(), error => {
      assert.ok(isCaptureError(error) && error.code === 'ERR_CAPTURE_OPTION', String(error))
      assert.match(error.message, sentence)
    })
    await file.close()
  }
  await refused([], {}, /1 to 64 stages, not 0/)
  await refused([stage('exits')], { by: 'tid' }, /no option by/)
  await refused([stage('exits')], { queueBytes: 5 }, /queueBytes/)
})
