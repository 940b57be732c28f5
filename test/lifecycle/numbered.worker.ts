/** Counts each record of programs/numbered.c that its queue has, in memory that it does not take with it when it is terminated. */
import { parentPort } from 'node:worker_threads'
import { data, queue } from '../../lib/worker.js'

/** Shared by all workers of a queue: how often the call number N was read, at 2 N, and its return, at 2 N + 1. */
export type Counts = Uint8Array

const counts = data<Counts>()
let told = false
for await (const burst of await queue()) {
  for (const ev of burst) {
    if (ev.dir === 'enter') counts[2 * Number(ev.args.offset)]++
    else counts[2 * Number(ev.args.res) + 1]++
    if (!told) parentPort!.postMessage('reads')
    told = true
  }
}
