import { onThisThread } from './alone.js'
import type { Analyzer } from './analyzer.js'
import { Channel } from './channel.js'
import { withContainers } from './containers.js'
import { type Job, jobOf, type RunOptions } from './job.js'
import { Joining } from './joining.js'
import type { Report } from './report.js'

/**
 * Runs an analyzer over a capture of any kind. Gives a report per interval, and always a last one, when the capture is over.
 *
 * @throws CaptureError ERR_CAPTURE_OPTION, ERR_CAPTURE_FILTER, and what opening and reading throw
 * @example
 * for await (const { rows } of run(topprocs_net, { on: 'sysdig', everyMs: 1000 })) console.table(rows.slice(0, 10))
 */
export async function* run<S>(asked: Analyzer<S, any>, options: RunOptions): AsyncGenerator<Report> {
  const left = new AbortController()
  const analyzer = options.containers === true ? withContainers(asked) : asked
  const job = jobOf(analyzer, options, left.signal)
  const channel = new Channel<Report>()
  const joining = new Joining(analyzer, job, report => channel.push(report))
  const running = start(analyzer, asked, job, joining, channel)
  const done = running.then(() => channel.end(), error => channel.end(error))
  try {
    yield* channel
  } finally {
    left.abort()
    await done
  }
}

async function start<S>(analyzer: Analyzer<S>, asked: Analyzer<S>, job: Job, joining: Joining<S>, channel: Channel<Report>): Promise<void> {
  if (analyzer.entries !== undefined) return (await import('./moment.js')).atMoment(analyzer, job, joining)
  return job.workers === 1 ? onThisThread(analyzer, job, joining, channel) : (await import('./threads.js')).onThreads(analyzer, asked, job, joining, channel)
}
