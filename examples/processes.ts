// Two processes consume the queues of a third one, by name: PF_RING's zbalance_ipc and zcount_ipc. They need no privilege of their own:
// give the cluster a `group`, and its members may. From a shell: sysring balance -c 7 -n 2, then sysring count -i cluster:7@0
// Run as root: npx tsx examples/processes.ts
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { balance, open } from 'sysring'

const [device] = process.argv.slice(2)
if (device === undefined) await distribute()
else await count(device)

async function distribute(): Promise<void> {
  await using cluster = await balance(await open('sysdig', { maxDurationMs: 3_000 }), { by: 'tid', queues: 2, queueBytes: 64 << 20 })
  const consumers = cluster.devices.map(device => fork(fileURLToPath(import.meta.url), [device]))
  await Promise.all(consumers.map(consumer => once(consumer, 'exit'))) // they read their queues to the end
  const { seen, queues } = cluster.stats()
  console.log(`${seen} seen, ${queues.map(({ device, received, dropped }) => `${device}: ${received} placed, ${dropped} dropped`).join(', ')}`)
}

async function count(device: string): Promise<void> {
  await using queue = await open(device)
  const threads = new Set<number>()
  let events = 0
  for await (const burst of queue) {
    for (const ev of burst) {
      events++
      threads.add(ev.tid)
    }
  }
  console.log(`process ${process.pid} on ${device}: ${events} events of ${threads.size} threads`)
}
