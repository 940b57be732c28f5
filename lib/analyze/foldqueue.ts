/** What a worker thread of run() does that has a queue: folds the events in it. */
import { parentPort } from 'node:worker_threads'
import { data, queue } from '../worker.js'
import { analyzerOf, foldAll, type FoldData } from './foldthread.js'
import { tablesOf } from './folding.js'

const asked = data<FoldData>()
const analyzer = await analyzerOf(asked)
const tables = tablesOf(analyzer, asked.start.args)
// Asleep in the kernel it would not see that an interval is over.
const capture = await queue({ ...(tables.size > 0 && { tables }), block: !asked.live || asked.everyMs === undefined })
await foldAll(capture, analyzer, asked, message => parentPort!.postMessage(message))
