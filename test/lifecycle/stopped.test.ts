import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { balance, type Cluster, open, type Stats } from '../../lib/index.js'
import { identities } from '../helpers/clusters.js'
import { allowedCpus, compile, start } from '../helpers/program.js'
import { ROOT } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('a consumer that is stopped', { needs: ['bpf', 'btf', 'cc'], timeoutMs: 90_000 })

const STOPPED_MS = 10_000
const later = (ms: number) => new Promise(resolve => { setTimeout(resolve, ms) })

/** A consumer of a queue, a process of its own; resolves when it reads. */
async function consume(cluster: Cluster, queue: number): Promise<{ child: ChildProcess; result: Promise<{ count: number; lost: number; stats: Stats }> }> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', `
    import { open } from '${join(ROOT, 'lib/index.ts')}'
    const capture = await open('${cluster.devices[queue]}')
    console.log('ready')
    let count = 0
    let lost = 0
    for await (const burst of capture) {
      lost += burst.lost.total
      for (const ev of burst) count++
    }
    console.log(JSON.stringify({ count, lost, stats: capture.stats() }))`], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  const result = new Promise<string>(resolve => child.once('close', () => resolve(text)))
  await new Promise<void>(resolve => child.stdout!.on('data', chunk => { text += String(chunk); resolve() }))
  return { child, result: result.then(all => JSON.parse(all.trim().split('\n').at(-1)!)) }
}

test('for 10 s: the other two lose nothing, and what it loses is counted', async () => {
  // Each round makes some eighty calls, 200 times a second for longer than the stop.
  const program = await start(compile('counts'), [allowedCpus().at(-1)!, 2500, 4000])
  const filters = ['evt.type = getppid', 'evt.type in (openat, close) and proc.name = counting', undefined]
  const capture = await open('sysdig', { pids: { allow: [program.pid] }, ringBytes: 64 << 20 })
  const cluster = await balance(capture, { by: 'fan-out', queues: 3, filters, queueBytes: 1 << 20 })
  const consumers = await Promise.all([0, 1, 2].map(queue => consume(cluster, queue)))
  program.go()
  await later(500)
  consumers[2].child.kill('SIGSTOP')
  await later(STOPPED_MS)
  const during = cluster.stats().queues[2]
  assert.ok(during.dropped > 0, 'its queue was not full')
  consumers[2].child.kill('SIGCONT')
  const made = new Map((await program.output).trim().split('\n').map(line => line.split(' ')).map(([name, count]) => [name, Number(count)]))
  await later(200)
  cluster.stop()
  await cluster.ended
  const results = await Promise.all(consumers.map(({ result }) => result))
  identities(cluster)
  const { queues } = cluster.stats()
  results.forEach(({ count, lost, stats: { seen, delivered, filtered, pending, dropped } }, queue) => {
    const { received, dropped: total, waiting } = queues[queue]
    assert.equal([count, pending, waiting], [delivered, 0, 0])
    assert.is(received, delivered + filtered, `queue ${queue}`)
    assert.equal([dropped.total, seen], [total, received + total], `queue ${queue}`)
    assert.is(lost <= total, true)
  })
  assert.equal([queues[0].dropped, queues[1].dropped, queues[0].stateDropped, queues[1].stateDropped], [0, 0, 0, 0])
  await cluster.close()
  const [source] = cluster.stats().sources
  assert.is(source.dropped.total, 0, 'lost before the balancer: the machine is too busy for this test')
  assert.is(results[0].count, 2 * made.get('getppid')!)
  assert.ok(results[1].count > 0)
  assert.is(queues[2].received + queues[2].dropped, source.delivered)
  console.log(`${source.delivered} events; the stopped one received ${queues[2].received} and lost ${queues[2].dropped}`)
})
