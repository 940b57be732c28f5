// timeout: 400
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { parseAddress } from '../../lib/cluster/address.js'
import { balance, type BalanceOptions, isCaptureError, open, type Key, type LiveOptions, type QueueCapture } from '../../lib/index.js'
import { all, identities, openQueue } from '../helpers/clusters.js'
import { folder } from '../helpers/folder.js'
import { allowedCpus, compile, start } from '../helpers/program.js'
import { openRings, read, seeded } from '../helpers/rings.js'
import { ROOT } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('lifecycle of a cluster', { needs: ['linux', 'c++'], timeoutMs: 120_000 })

const { file } = folder()
const later = (ms: number) => new Promise(resolve => { setTimeout(resolve, ms) })
const codeOf = (call: Promise<unknown>) => call.then(() => 'none', (error: unknown) => (isCaptureError(error) ? error.code : String(error)))

const consumer = file('consumer')
test.before(() => {
  const sources = ['cluster/attached_queue.cc', 'cluster/file.cc', 'cluster/queue.cc', 'cluster/passing.cc', 'ring/ring.cc']
  execFileSync('c++', ['-O1', '-std=c++20', '-I', join(ROOT, 'native'), '-o', consumer, join(ROOT, 'test/lifecycle/programs/consumer.cc'), ...sources.map(path => join(ROOT, 'native', path))], { stdio: 'inherit' })
})

/** What this process holds that belongs to clusters, and what lies about in the file system. */
function held(): { fds: string[]; maps: number; files: string[] } {
  const fds = readdirSync('/proc/self/fd').map(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return '' // the one that listed them
    }
  })
  return {
    fds: fds.filter(link => /sysring|^socket:/.test(link)).map(link => link.replace(/\d+/, '')).sort(),
    maps: readFileSync('/proc/self/maps', 'utf8').split('\n').filter(line => /sysring-(cluster|queue)/.test(line)).length,
    files: ['/dev/shm', '/run/sysring'].flatMap(path => (existsSync(path) ? readdirSync(path).map(name => join(path, name)) : [])).filter(path => path.includes('lifecycle') || path.includes(`/${process.pid}-`)),
  }
}

/** struct Log of programs/consumer.cc */
class Log {
  readonly path: string

  constructor(name: string, records: number) {
    this.path = file(name)
    writeFileSync(this.path, new Uint8Array(24 + records + 1))
  }

  get bytes(): Buffer { return readFileSync(this.path) }
  get errors(): number { return Number(this.bytes.readBigUInt64LE(8)) }
  get attached(): number { return Number(this.bytes.readBigUInt64LE(16)) }
  /** How many records were read, and how often one was read again. */
  get read(): [once: number, again: number] {
    const counts = this.bytes.subarray(24)
    return [counts.filter(count => count > 0).length, counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0)]
  }
}

function consume(where: string, queue: number, log: string): { child: ChildProcess; ended: Promise<number | string> } {
  const child = spawn(consumer, [where, String(queue), log], { stdio: ['ignore', 'pipe', 'inherit'] })
  return { child, ended: new Promise(resolve => child.once('close', (code, signal) => resolve(signal ?? code!))) }
}

for (const where of ['through the socket', 'by the path of its memory'] as const) {
  test(`consumers killed 300 times, ${where}: only what is counted is lost, and what the dead had not given back comes again`, async () => {
    const before = held()
    const RECORDS = 200_000
    const { capture, probe } = openRings(2, { ringBytes: 1 << 20 })
    const path = '/dev/shm/sysring-lifecycle'
    const cluster = await balance(capture, { queues: 2, by: 'round-robin', queueBytes: 128 << 10, maxWaitMs: 2, ...(where !== 'through the socket' && { path }) })
    const at = where === 'through the socket' ? parseAddress(cluster.devices[0]).path : path
    const random = seeded(7)
    let made = 0
    let kills = 0
    let producing = true
    const produce = setInterval(() => {
      // In bursts that a queue cannot hold, now and then.
      for (let n = random(2500); n > 0 && made < RECORDS; n--) if (probe.produce(0, read(made + 1, 'x'.repeat(random(40)), made + 1))) made++
      if (made === RECORDS) producing = false
    }, 2)
    const logs = [0, 1].map(queue => new Log(`log-${queue}`, RECORDS))
    await Promise.all(logs.map(async ({ path: log }, queue) => {
      while (producing || kills < 300) {
        const { child, ended } = consume(at, queue, log)
        await Promise.race([new Promise(resolve => child.stdout!.once('data', resolve)), ended])
        await later(random(10))
        child.kill('SIGKILL')
        assert.is(await ended, 'SIGKILL')
        kills++
      }
    }))
    clearInterval(produce)
    const last = logs.map(({ path: log }, queue) => consume(at, queue, log).ended)
    cluster.stop()
    assert.equal(await Promise.all(last), [0, 0])
    await cluster.ended
    identities(cluster)
    const { seen, queues } = cluster.stats()
    assert.is(seen, made)
    let again = 0
    logs.forEach((log, queue) => {
      const { received, dropped, faults, waiting } = queues[queue]
      const [once, more] = log.read
      again += more
      assert.equal([log.errors, once, received + dropped, waiting, faults], [0, received, made / 2, 0, 0], `queue ${queue}`)
      assert.ok(log.attached > 100, `queue ${queue} had ${log.attached} consumers only`)
    })
    console.log(`${kills} kills, ${queues.map(({ received, dropped }) => `${received} received and ${dropped} dropped`).join(', ')}, ${again} read again`)
    assert.ok(queues.some(({ dropped }) => dropped > 0), 'this was no overload')
    assert.ok(again > 0, 'nobody was killed within a burst')
    await cluster.close()
    assert.equal(held(), before)
  })
}

let counts = ''
/** Calls of a program that makes exactly so many, on every CPU, captured and balanced: what was made, and what was read of each queue. */
async function overload(rounds: number, live: LiveOptions, options: BalanceOptions) {
  counts ||= compile('counts')
  const rehearsal = await start(counts, [allowedCpus()[0], 1, 0])
  rehearsal.go()
  const names = (await rehearsal.output).trim().split('\n').map(line => line.split(' ')[0]).filter(name => name !== 'cpu')
  const programs = await Promise.all(allowedCpus().map(cpu => start(counts, [cpu, rounds, 0])))
  const capture = await open('sysdig', { ...live, syscalls: names, tracepoints: [], pids: { allow: programs.map(({ pid }) => pid) } })
  const cluster = await balance(capture, options)
  for (const program of programs) program.go()
  const outputs = await Promise.all(programs.map(({ output }) => output))
  const made = outputs.flatMap(text => text.trim().split('\n')).filter(line => !line.startsWith('cpu')).reduce((sum, line) => sum + 2 * Number(line.split(' ')[1]), 0)
  cluster.stop()
  await cluster.ended
  const queues = await Promise.all(cluster.devices.map(async (_, queue) => {
    const own = await openQueue(cluster, queue)
    return { count: (await all(own, () => 0)).length, stats: own.stats() }
  }))
  identities(cluster)
  const stats = cluster.stats()
  await cluster.close()
  return { made, stats, queues, native: cluster.native, source: cluster.stats().sources[0] }
}

const MODES: [string, BalanceOptions][] = [
  ...(['tid', 'pid', 'fd', 'cpu', 'flow', 'round-robin', 'fan-out', 'fan-out+round-robin'] as Key[]).map((by): [string, BalanceOptions] => [by, { by, queues: 3 }]),
  ['two applications', { queues: { counters: 2, recorder: 1 } }],
  ['a function', { queues: 2, by: ev => (ev.type % 3) - 1 }],
  ['filters and snaplens', { by: 'fan-out', queues: 2, filters: ['evt.type = getppid', undefined], snaplens: [undefined, 4] }],
]
for (const [name, options] of MODES) {
  test(`live, at overload, ${name}: made = delivered + dropped, per queue and in total, to the last record`, async () => {
    const { made, stats, queues, native, source } = await overload(60, {}, { ...options, queueBytes: 128 << 10 })
    assert.is(native, typeof options.by !== 'function')
    assert.is(source.delivered + source.dropped.total, made)
    assert.is(stats.seen, source.delivered)
    assert.ok(stats.queues.some(({ dropped }) => dropped > 0), 'this was no overload')
    queues.forEach(({ count, stats: own }, queue) => {
      const { received, waiting } = stats.queues[queue]
      assert.is(received, own.delivered + own.filtered + own.pending, `queue ${queue}`)
      assert.equal([count, own.pending, waiting], [own.delivered, 0, 0])
    })
    console.log(`${name}: ${made} made, ${source.dropped.total} dropped before the balancer; ${stats.queues.map(({ received, dropped, filtered }) => `${received}+${dropped}+${filtered}`).join(', ')}`)
  }, { needs: ['bpf', 'btf', 'cc'] })
}

test('a consumer that writes rubbish into its page harms only its own queue', async () => {
  const { capture, probe } = openRings(1, { ringBytes: 1 << 20 })
  const cluster = await balance(capture, { queues: 2, by: 'fan-out', queueBytes: 128 << 10, maxWaitMs: 2 })
  const good = all(await openQueue(cluster, 1), ev => ev.tid)
  const { child, ended } = consume(parseAddress(cluster.devices[0]).path, 0, 'rubbish')
  await new Promise(resolve => child.stdout!.once('data', resolve))
  let made = 0
  for (let turn = 0; turn < 300; turn++) {
    for (let n = 0; n < 100; n++) if (probe.produce(0, read(made + 1, 'x', made + 1))) made++
    await later(2)
  }
  const { queues: [rubbish, other] } = cluster.stats()
  assert.ok(rubbish.faults > 0, 'nobody noticed')
  child.kill('SIGKILL')
  assert.is(await ended, 'SIGKILL')
  // The queue can be had again: what is there is whole, or nothing.
  const next = await openQueue(cluster, 0)
  const found = all(next, ev => ev.tid)
  for (let n = 0; n < 100; n++) if (probe.produce(0, read(made + 1, 'x', made + 1))) made++
  await later(50)
  cluster.stop()
  assert.equal(await good, Array.from({ length: made }, (_, i) => i + 1))
  const tids = await found
  assert.equal(tids, [...tids].sort((a, b) => a - b))
  identities(cluster)
  assert.equal([other.faults, other.dropped, cluster.stats().seen], [0, 0, made])
  await cluster.close()
})

/** A process that balances synthetic records for ever. */
async function balancer(options: BalanceOptions): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', `
    import { balance } from '${join(ROOT, 'lib/index.ts')}'
    import { openRings, read } from '${join(ROOT, 'test/helpers/rings.ts')}'
    const { capture, probe } = openRings(1)
    const cluster = await balance(capture, ${JSON.stringify(options)})
    let n = 0
    setInterval(() => { for (let i = 0; i < 20; i++) if (probe.produce(0, read(n + 1, 'x', n + 1))) n++ }, 1)
    console.log('ready')`], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise(resolve => child.stdout!.once('data', resolve))
  return child
}

test('the balancer is killed: consumers read what is there, then end with an error; the next one takes its names over', async () => {
  const before = held()
  const options: BalanceOptions = { id: 'lifecycle-killed', path: '/dev/shm/sysring-lifecycle-killed', queues: 3, by: 'fan-out' }
  for (const path of [undefined, options.path]) {
    const child = await balancer(path === undefined ? { ...options, path: undefined } : options)
    const captures = await Promise.all([{ block: true }, { block: false }, { state: true }].map((own, queue) => open(`cluster:${options.id}@${queue}`, own)))
    const results = captures.map(async (capture: QueueCapture) => {
      const tids: number[] = []
      const code = await codeOf((async () => { for await (const burst of capture) for (const ev of burst) tids.push(ev.tid) })())
      return { code, tids }
    })
    await later(200)
    const killed = performance.now()
    child.kill('SIGKILL')
    for (const { code, tids } of await Promise.all(results)) {
      assert.is(code, 'ERR_CAPTURE_PRODUCER')
      assert.ok(tids.length > 100)
      assert.equal(tids, tids.map((_, i) => tids[0] + i))
    }
    console.log(`consumers ended ${Math.round(performance.now() - killed)} ms after the balancer`)
    assert.ok(statSync(parseAddress(`cluster:${options.id}@0`).path).isSocket(), 'the socket is left')
    assert.is(await codeOf(open(`cluster:${options.id}@0`)), 'ERR_CAPTURE_NO_DEVICE')
    const next = await balance(openRings(1).capture, { ...options, path })
    await (await open(`cluster:${options.id}@0`)).close()
    await next.close()
  }
  assert.equal(held(), before)
})

test('clusters come and go 100 times and leave no descriptor, no map, no file', async () => {
  const cycle = async (i: number) => {
    const { capture, probe } = openRings(1 + (i % 2))
    const cluster = await balance(capture, { queues: 1 + (i % 3), by: i % 2 === 0 ? 'tid' : 'pid', queueBytes: 128 << 10, ...(i % 4 === 3 && { path: '/dev/shm/sysring-lifecycle-cycle' }) })
    for (let n = 0; n < 10; n++) probe.produce(0, read(n))
    if (i % 5 !== 4) {
      const queue = await openQueue(cluster, 0, i % 5 === 1 ? { state: true } : {})
      if (i % 5 > 1) queue.stop()
      if (i % 5 > 0) await all(queue, () => 0).catch(() => {})
      if (i % 5 === 0) await queue.close()
    }
    await cluster.close()
  }
  // A consumer that waits for more ends with its cluster.
  const turn = (i: number) => (i % 5 === 1 ? Promise.resolve() : cycle(i))
  for (let i = 0; i < 5; i++) await turn(i)
  const before = held()
  for (let i = 0; i < 100; i++) await turn(i)
  assert.equal(held(), before)
})
