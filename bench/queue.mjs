/**
 * A worker thread that reads a queue, as a user has it: time, thread, type and length of every record.
 *
 * Usage: node queue.mjs BUNDLE DEVICE; writes "ready" when it is attached, and at the end what it saw as JSON.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

/** Latencies that are kept: records come one by one then, stamped with CLOCK_MONOTONIC. */
const MAX_LATENCIES = 1 << 16

if (isMainThread) {
  const [, , bundle, device] = process.argv
  const worker = new Worker(new URL(import.meta.url), { workerData: { bundle, device } })
  worker.on('message', message => console.log(message))
} else {
  const { open } = await import(workerData.bundle)
  const capture = await open(workerData.device)
  parentPort.postMessage('ready')
  const latencies = new Float64Array(MAX_LATENCIES)
  let events = 0
  let bursts = 0
  let sum = 0
  let begin = 0
  /** Of its first records: how long it took from the stamp until the loop has them. */
  const time = (burst, now) => {
    for (const ev of burst) {
      latencies[events++ % MAX_LATENCIES] = now[0] * 1e9 + now[1] - (ev.tsHi * 0x1_0000_0000 + ev.tsLo)
      sum = (sum + ev.tid + ev.type + ev.len) | 0
    }
  }
  const read = burst => {
    let count = 0
    let total = 0
    for (const ev of burst) {
      total = (total + ev.tsHi + ev.tsLo + ev.tid + ev.type + ev.len) | 0
      count++
    }
    sum = (sum + total) | 0
    events += count
  }
  const before = process.cpuUsage()
  for await (const burst of capture) {
    if (bursts++ === 0) begin = performance.now()
    if (events < MAX_LATENCIES) time(burst, process.hrtime())
    else read(burst)
  }
  const wallMs = performance.now() - begin
  const { user, system } = process.cpuUsage(before)
  const sorted = latencies.subarray(0, Math.min(events, MAX_LATENCIES)).sort()
  const at = share => sorted[Math.floor(share * (sorted.length - 1))] / 1000
  const { delivered, dropped } = capture.stats()
  parentPort.postMessage(JSON.stringify({ events, delivered, dropped: dropped.total, bursts, wallMs, cpuMs: (user + system) / 1000, sum, p50: at(0.5), p90: at(0.9), p99: at(0.99) }))
}
