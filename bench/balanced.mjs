/**
 * The balanced counterpart of reader.mjs: a live capture on two queues, each read by a worker thread that looks at time, thread,
 * type and length of every event, until standard input ends.
 *
 * Usage: node balanced.mjs FOLDER-OF-BUNDLE; writes "ready", and at the end what became of the events as JSON.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const RING_BYTES = 16 << 20
const QUEUE_BYTES = 16 << 20
const QUEUES = 2

if (isMainThread) {
  const dist = process.argv[2]
  const { balance, open } = await import(`${dist}/index.js`)
  let events = 0
  const cluster = await balance(await open('sysdig', { ringBytes: RING_BYTES }), {
    by: 'round-robin', queues: QUEUES, queueBytes: QUEUE_BYTES, worker: new URL(import.meta.url), workerData: { dist },
    onMessage: message => { if (message === 'ready') ready(); else events += message },
  })
  let waiting = QUEUES
  let begin
  let before
  function ready() {
    if (--waiting > 0) return
    begin = performance.now()
    before = { cpuMs: cluster.stats().cpuMs, usage: process.cpuUsage() }
    process.stdin.on('end', () => cluster.stop()).resume()
    process.stdout.write('ready\n')
  }
  await cluster.ended
  const wallMs = performance.now() - begin
  const { user, system } = process.cpuUsage(before.usage)
  await cluster.close()
  const { seen, cpuMs, late, queues, sources: [source] } = cluster.stats()
  const sum = key => queues.reduce((total, queue) => total + queue[key], 0)
  console.log(JSON.stringify({
    made: source.seen - source.filtered, lost: source.dropped.total, seen, late, received: sum('received'), dropped: sum('dropped'), stateDropped: sum('stateDropped'), events,
    wallMs, balancerMs: cpuMs - before.cpuMs, cpuMs: (user + system) / 1000,
  }))
} else {
  const { dist } = workerData['sysring:queue'].data
  const { queue } = await import(`${dist}/worker.js`)
  const capture = await queue()
  parentPort.postMessage('ready')
  let sum = 0
  let count = 0
  const read = burst => {
    for (const ev of burst) {
      sum = (sum + ev.tsHi + ev.tsLo + ev.tid + ev.type + ev.len) | 0
      count++
    }
  }
  for await (const burst of capture) read(burst)
  parentPort.postMessage(count)
}
