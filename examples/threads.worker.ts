// What each thread of threads.ts does: it counts the events of its queue by process, and posts the counts at the end.
import { parentPort } from 'node:worker_threads'
import { queue } from 'sysring/worker'

const counts = new Map<string, number>()
for await (const burst of await queue({ state: true })) {
  for (const ev of burst) {
    const process = `${ev.comm ?? '?'} (${ev.pid ?? ev.tid})`
    counts.set(process, (counts.get(process) ?? 0) + 1)
  }
}
parentPort!.postMessage(counts)
