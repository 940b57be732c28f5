/** The workers of the tests: each does with its queue what its data says. */
import { parentPort, threadId } from 'node:worker_threads'
import { data, queue } from '../../lib/worker.js'

export interface Work {
  /** Of queue N, throw after so many records; once, if `once` is set. */
  throwAfter?: number
  /** Shared by all: [threads that have thrown, records read]. */
  shared?: Int32Array
  once?: boolean
  maxEvents?: number
}

const { throwAfter = Infinity, shared, once = false, maxEvents = Infinity } = data<Work | undefined>() ?? {}
const times: number[] = []
let count = 0
for await (const burst of await queue({ maxEvents })) {
  for (const ev of burst) {
    if (shared !== undefined) Atomics.add(shared, 1, 1)
    times.push(ev.tsLo)
    if (++count < throwAfter || (once && Atomics.load(shared!, 0) > 0)) continue
    if (shared !== undefined) Atomics.add(shared, 0, 1)
    throw new Error('in the worker')
  }
}
parentPort!.postMessage({ threadId, times })
