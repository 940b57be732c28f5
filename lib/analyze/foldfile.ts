/** What a worker thread of run() does that reads a file itself: folds the events of its share. */
import { parentPort, workerData } from 'node:worker_threads'
import { openFile } from '../iface/file/open.js'
import { analyzerOf, foldAll, type FromFold } from './foldthread.js'
import { tablesOf } from './folding.js'
import { AHEAD, type FoldFileData, type ToReader } from './readers.js'

const asked = workerData as FoldFileData
const port = parentPort!

/** Parts that are not reported yet. */
let ahead = 0
let taken = () => {}
const listen = (message: ToReader) => {
  if ('stop' in message) stop()
  else ahead -= message.taken
  taken()
}
let stopping = false
let stop = () => { stopping = true }
port.on('message', listen)

const analyzer = await analyzerOf(asked)
const capture = await openFile(asked.path, { tables: tablesOf(analyzer, asked.start.args), share: asked.share, ...(asked.filter !== undefined && { filter: asked.filter }) })
stop = () => {
  stopping = true
  capture.stop()
}
if (stopping) stop()
const post = (message: FromFold) => {
  if ('part' in message) ahead++
  port.postMessage(message)
}
await foldAll(capture, analyzer, asked, post, async () => {
  while (ahead >= AHEAD && !stopping) await new Promise<void>(resolve => { taken = resolve })
})
port.off('message', listen)
