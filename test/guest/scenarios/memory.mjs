// timeout: 160
// Queues in memory that the host has as well, read and filled through PCI devices: test/guest/host.ts is the other side.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { balance, open, openFile } from 'sysring'
import { run } from './tools/program.mjs'
import { leave } from './tools/result.mjs'

const CLI = '/sysring/dist/cli.js'
const CALLS = 20_000
const PCI = '/sys/bus/pci/devices'
const IVSHMEM = '0x1af4 0x1110'

const id = (device, what) => readFileSync(`${PCI}/${device}/${what}`, 'utf8').trim()
const [waits, whole, drops, guests] = readdirSync(PCI).sort()
  .filter(device => `${id(device, 'vendor')} ${id(device, 'device')}` === IVSHMEM)
  .map(device => `${PCI}/${device}/resource2`)

/** How fast a queue is read that is full when that begins. */
async function rate(capture) {
  const started = performance.now()
  let records = 0, bytes = 0
  for await (const burst of capture) {
    for (const ev of burst) {
      records++
      bytes += ev.record.copy().length
    }
  }
  await capture.close()
  const seconds = (performance.now() - started) / 1000
  return { records, megabytes: bytes / 1e6, seconds }
}

/** The same in memory of the guest's own. */
async function local(file) {
  const cluster = await balance(await openFile(file), { queues: 1, queueBytes: 4 << 20 })
  await cluster.ended
  const result = await rate(await open(cluster.devices[0]))
  await cluster.close()
  return result
}

/** Sleeping in the kernel, where nobody can wake it. The threads are the host's: this machine knows nothing of them. */
async function numbers(path) {
  const capture = await open(`cluster:${path}@0`, { block: true, state: true })
  const hash = createHash('sha256')
  const found = [], delays = [], comms = new Set()
  let last = 0n, unordered = 0
  for await (const burst of capture) {
    for (const ev of burst) {
      const record = Buffer.from(ev.record.copy())
      hash.update(record.subarray(8))
      if (ev.ts < last) unordered++
      last = ev.ts
      comms.add(ev.thread.comm)
      found.push(ev.tid)
      delays.push(performance.timeOrigin + performance.now() - record.readDoubleLE(26 + 2 * 2 + 8))
    }
  }
  await capture.close()
  return { found, delays, unordered, comms: [...comms], sha256: hash.digest('hex'), stats: capture.stats() }
}

/** The other way round: the guest's system calls, for the host. */
async function calls(path) {
  const capture = await open('sysdig:kmod', { syscalls: ['setns'], tracepoints: [], includeSelf: true })
  const cluster = await balance(capture, { path, queues: 1, queueBytes: 1 << 20 })
  await run('flood', 0, CALLS)
  await cluster.close()
  return { made: CALLS, native: cluster.native, dropped: capture.stats().dropped.total }
}

const [, counted] = await Promise.all([
  run('node', CLI, 'dump', '-i', `cluster:${waits}@0`, '-w', '/out/memory.scap'),
  run('node', CLI, 'count', '--json', '-i', `cluster:${waits}@1`),
])
// The first time, most of it is compiling.
await local('/out/memory.scap')
const speed = { local: [], pci: [] }
for (const queue of [0, 1]) {
  speed.local.push(await local('/out/memory.scap'))
  speed.pci.push(await rate(await open(`cluster:${whole}@${queue}`)))
}
leave({ counted, speed, ...await numbers(drops), calls: await calls(guests) })
