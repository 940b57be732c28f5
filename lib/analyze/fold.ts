/** What a worker thread of run() does: folds the events of its queue, and posts each interval's part. */
import { parentPort } from 'node:worker_threads'
import { PACKET } from '../event/event.js'
import { importModule } from '../thread.js'
import { data, queue } from '../worker.js'
import type { Analyzer } from './analyzer.js'
import { withContainers } from './containers.js'
import { Folding, LATE_MS, tablesOf } from './folding.js'
import { shipped } from './shipped.js'
import type { FoldData, FromFold } from './threads.js'

const { shipped: name, module, containers, start, everyMs, live } = data<FoldData>()
const asked = name !== undefined ? await shipped(name) : (await importModule(module!) as { default: Analyzer }).default
const analyzer = containers ? withContainers(asked) : asked
const post = (message: FromFold) => parentPort!.postMessage(message)

const tables = tablesOf(analyzer, start.args)
// Asleep in the kernel it would not see that an interval is over.
const capture = await queue({ ...(tables.size > 0 && { tables }), block: !live || everyMs === undefined })
let reached = -Infinity
const folding = new Folding(analyzer, start, everyMs, part => {
  post({ part })
  tell(part.interval + 1)
})

function tell(interval: number): void {
  if (interval <= reached) return
  reached = interval
  post({ reached })
}

const timer = everyMs === undefined || !live ? undefined : setInterval(() => {
  const now = Date.now() - LATE_MS
  folding.advance(now)
  tell(Math.floor(now / everyMs))
}, Math.min(everyMs, 250))

for await (const burst of capture) {
  for (const ev of burst) if (ev.type !== PACKET) folding.add(ev)
}
clearInterval(timer)
folding.end()
tell(Infinity)
post({ delivered: capture.stats().delivered })
