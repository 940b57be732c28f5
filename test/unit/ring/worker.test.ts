import { Worker } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { openRings, read } from '../../helpers/rings.js'
import { suite } from '../../helpers/suite.js'

const test = suite('rings in workers', { needs: ['linux'], timeoutMs: 60_000 })

// A worker does not inherit the loader for TypeScript.
const ENTRY = `import('tsx/esm/api').then(({ register }) => {
  register()
  return import(${JSON.stringify(new URL('./forget.worker.ts', import.meta.url).href)})
})`
const start = (end: 'exit' | 'throw' | 'break' | 'never', after = 1000) => new Worker(ENTRY, { eval: true, workerData: { end, after } })

function ended(worker: Worker): Promise<string> {
  return new Promise((resolve) => {
    let error = ''
    worker.on('error', ({ message }: Error) => { error = message })
    worker.on('exit', code => resolve(error || `exit ${code}`))
  })
}

test('a worker opens its own and ends in every way', async () => {
  assert.is(await ended(start('break')), 'exit 0')
  assert.is(await ended(start('exit')), 'exit 0')
  assert.is(await ended(start('throw')), 'in the worker')
})

test('terminated in the middle of a burst, several at a time, while this thread captures too', async () => {
  const { capture, probe } = openRings(2)
  const workers = Array.from({ length: 4 }, (_, i) => start('never', 100 * i))
  const terminated = workers.map(async (worker, i) => {
    await new Promise(resolve => worker.once('message', resolve))
    await new Promise(resolve => setTimeout(resolve, 3 * i))
    await worker.terminate()
  })
  let done = false
  const all = Promise.all(terminated).then(() => { done = true })
  let good = 0
  let made = 0
  const make = () => { if (probe.produce(made & 1, read(made, `main ${made}`))) made++ }
  make()
  for await (const burst of capture) {
    for (const ev of burst) if (/^main \d+$/.test(ev.param(1)!.toString())) good++
    for (let i = 0; i < 50; i++) make()
    if (done) break
    await new Promise(resolve => setImmediate(resolve))
  }
  await all
  assert.is(good, capture.stats().delivered)
  assert.ok(good > 50)
})
