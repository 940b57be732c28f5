/** A worker that reads its own rings for ever; the test ends it in the middle. */
import { parentPort, workerData } from 'node:worker_threads'
import { openRings, read } from '../../helpers/rings.js'

const { capture, probe } = openRings(2)
const bytes = read(1, 'worker')
let count = 0
probe.produce(0, bytes)
for await (const burst of capture) {
  for (const ev of burst) if (ev.param(1)!.toString() === 'worker') count++
  while (probe.produce(count & 1, bytes) && count % 100 !== 0) count++
  probe.produce(0, bytes)
  if (count > workerData.after) {
    parentPort!.postMessage(count)
    if (workerData.end === 'exit') process.exit(0)
    if (workerData.end === 'throw') throw new Error('in the worker')
    if (workerData.end === 'break') break
    workerData.after = Infinity
  }
}
