import type { Analyzer } from './analyzer.js'
import { type Channel, MAX_WAITING } from './channel.js'
import { Folding, LATE_MS } from './folding.js'
import type { Job } from './job.js'
import type { Joining } from './joining.js'
import type { Report } from './report.js'
import { checkLive, onAbort, openFor } from './source.js'

/** The whole work on this thread. */
export async function onThisThread<S>(analyzer: Analyzer<S>, job: Job, joining: Joining<S>, channel: Channel<Report>): Promise<void> {
  const { everyMs } = job
  const flows = analyzer.streams === true && everyMs === undefined
  let reached = -Infinity
  const folding = new Folding(analyzer, job.start, everyMs, part => {
    joining.add(part)
    reached = part.interval + 1
    joining.reached(reached, false)
  })
  const { capture, wanted } = await openFor(analyzer, job)
  await checkLive(analyzer, capture)
  onAbort(job.signal, () => capture.stop())
  joining.stats = () => capture.stats()
  job.onBegin()
  // A file's intervals end when an event of the next comes; of a running machine also when none does.
  const timer = everyMs === undefined || capture.canWait ? undefined : setInterval(() => {
    const now = Date.now() - LATE_MS
    folding.advance(now)
    joining.reached(Math.floor(now / everyMs), true)
    joining.flush()
  }, Math.min(everyMs, 1000))
  try {
    for await (const burst of capture) {
      for (const ev of burst) if (wanted(ev)) folding.add(ev)
      if (flows) {
        folding.end()
        joining.flush()
      }
      while (channel.length > MAX_WAITING && !job.signal.aborted) await new Promise(resolve => setTimeout(resolve, 1))
    }
  } finally {
    clearInterval(timer)
    await capture.close()
  }
  folding.end()
  joining.end()
}
