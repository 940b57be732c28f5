// How long does each call take, from enter to exit? A histogram in powers of two of a microsecond.
// Run as root: npx tsx examples/latency.ts
import { open } from 'sysring'

await using calls = await open('sysdig', { syscalls: ['read', 'write', 'fsync', 'openat'], maxDurationMs: 5_000 })
const entered = new Map<number, bigint>() // tid → time
const buckets: number[] = []

for await (const burst of calls) {
  for (const ev of burst) {
    if (ev.dir === 'enter') {
      entered.set(ev.tid, ev.ts)
      continue
    }
    const start = entered.get(ev.tid)
    if (start === undefined) continue // entered before the capture began
    const bucket = Math.max(0, Math.ceil(Math.log2(Number(ev.ts - start) / 1000)))
    buckets[bucket] = (buckets[bucket] ?? 0) + 1
    entered.delete(ev.tid)
  }
}
const most = Math.max(...buckets.filter(count => count > 0))
for (const [bucket, count = 0] of [...buckets].entries()) {
  console.log(`< ${2 ** bucket} µs`.padStart(12), String(count).padStart(8), '#'.repeat(Math.round((40 * count) / most)))
}
