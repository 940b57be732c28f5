/** What a worker thread of run() does that reads a file itself: folds the events of its share. */
import { parentPort, workerData } from 'node:worker_threads'
import { openFile } from '../iface/file/open.js'
import { analyzerOf, foldAll } from './foldthread.js'
import { tablesOf } from './folding.js'
import { AHEAD, type FoldFileData, type FromReader, type ToReader } from './readers.js'

const asked = workerData as FoldFileData
const port = parentPort!
const post = (message: FromReader) => port.postMessage(message)

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

try {
  const analyzer = await analyzerOf(asked)
  const capture = await openFile(asked.path, { tables: tablesOf(analyzer, asked.start.args), share: asked.share, ...(asked.filter !== undefined && { filter: asked.filter }) })
  stop = () => {
    stopping = true
    capture.stop()
  }
  if (stopping) stop()
  const counted = (message: FromReader) => {
    if ('part' in message) ahead++
    post(message)
  }
  await foldAll(capture, analyzer, asked, counted, async () => {
    while (ahead >= AHEAD && !stopping) await new Promise<void>(resolve => { taken = resolve })
  })
} catch (error) {
  const { code, message, hint } = error as Error & { code?: string; hint?: string }
  post({ failed: { code, message, hint } })
}
port.off('message', listen)
