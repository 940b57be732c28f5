// Two worker threads, each with all the system calls of half of the processes: PF_RING's zbalance, for five seconds.
// Run as root: npx tsx examples/threads.ts
import { balance, open } from 'sysring'

const counts: [string, number][] = []

await using cluster = await balance(await open('sysdig', { maxDurationMs: 5_000 }), {
  by: 'pid',
  queues: 2,
  worker: new URL('./threads.worker.ts', import.meta.url),
  onMessage: counted => counts.push(...counted as Map<string, number>),
})
for await (const { seen, queues } of cluster.watch()) {
  console.log(`${seen} seen:`, queues.map(({ received, dropped }) => `${received} placed, ${dropped} dropped`).join('; '))
}
await cluster.ended // the workers have posted what they know

for (const [process, count] of counts.sort((a, b) => b[1] - a[1]).slice(0, 15)) console.log(String(count).padStart(9), process)
