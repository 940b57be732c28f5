/**
 * The consumer of the live benchmarks, a process of its own: opens the interface and reads time, thread, type and length
 * of every event through the public API, until standard input ends. Plain JavaScript on the bundle, as a user has it.
 *
 * Usage: node reader.mjs PATH-OF-BUNDLE OPTIONS-AS-JSON; writes "ready", and at the end what it saw as JSON.
 */
const { open } = await import(process.argv[2])
const options = JSON.parse(process.argv[3])

/** Events by thread: which of them are the workload's is known afterwards. */
const byThread = new Uint32Array(1 << 22)
/** What happened in each second since the capture began. */
const seconds = []
let sum = 0
let slowestMs = 0

const capture = await open('sysdig', options)
const started = performance.now()
const usage = process.cpuUsage()
const second = (now) => {
  const at = Math.floor((now - started) / 1000)
  while (seconds.length <= at) {
    if (seconds.length > 0) seconds.at(-1).cpuUs = cpuUs()
    seconds.push({ events: 0, dropped: 0, bursts: 0, longestTurnMs: 0, cpuUs: 0 })
  }
  return seconds[at]
}
const cpuUs = () => {
  const { user, system } = process.cpuUsage(usage)
  return user + system
}
process.stdin.on('end', () => capture.stop()).resume()
process.stdout.write('ready\n')

let before = started
for await (const burst of capture) {
  const now = performance.now()
  let count = 0
  let oldestHi = 0
  let oldestLo = 0
  for (const ev of burst) {
    const { tsHi, tsLo, tid } = ev
    if (count++ === 0) {
      oldestHi = tsHi
      oldestLo = tsLo
    }
    sum = (sum + tsHi + tsLo + ev.type + ev.len) | 0
    byThread[tid]++
  }
  const late = performance.timeOrigin + now - (oldestHi * 0x1_0000_0000 + oldestLo) / 1e6
  if (late > slowestMs) slowestMs = late
  const here = second(now)
  here.events += count
  here.dropped += burst.lost.total
  here.bursts++
  if (now - before > here.longestTurnMs) here.longestTurnMs = now - before
  before = now
}
second(performance.now()).cpuUs = cpuUs()

const wallMs = performance.now() - started
let events = 0
const threads = {}
byThread.forEach((count, tid) => {
  events += count
  if (count > 0) threads[tid] = count
})
const { seen, delivered, dropped, filtered, pending, late } = capture.stats()
console.log(JSON.stringify({
  events, threads, wallMs, cpuMs: cpuUs() / 1000, slowestMs, seconds, sum,
  stats: { seen, delivered, dropped, filtered, pending, late },
  rssMb: process.resourceUsage().maxRSS / 1024,
}))
