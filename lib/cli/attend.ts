import { interruptible } from './interrupt.js'
import { Output } from './output.js'
import { isBrokenPipe, OK } from './report.js'

/** What distributes records until it is stopped or its captures end: a Cluster, a Pipeline. */
export interface Running {
  readonly ended: Promise<void>
  stop(): void
  close(): Promise<void>
}

export interface Attending<R> {
  open(signal: AbortSignal): Promise<R>
  /** Lines to begin with: how to consume. */
  begin(running: R): string[]
  /** Lines for each second, and at last for all of it. */
  lines(running: R, final: boolean): string[]
  /** Nothing each second. */
  quiet: boolean
  /** Of what was read from files, the queues that still hold something: nobody is in a hurry. */
  held(running: R): string[]
}

/** How often it is looked whether the queues are empty, in ms. */
const LOOK_MS = 100

/** Runs it to its end, or to the first signal, and tells how it goes. */
export async function attend<R extends Running>({ open, begin, lines, quiet, held }: Attending<R>): Promise<number> {
  let stopped = false
  const { running } = await interruptible(async signal => {
    const running = await open(signal)
    return { running, stop: () => { stopped = true; running.stop() } }
  })
  const out = new Output()
  const print = (texts: string[]) => {
    for (const text of texts) out.line(text)
    return out.flush()
  }
  let failure: unknown
  const fail = (error: unknown) => {
    failure ??= error
    stopped = true
    running.stop()
  }
  await print(begin(running)).catch(fail)
  const timer = quiet ? undefined : setInterval(() => void print(lines(running, false)).catch(fail), 1000)
  await running.ended.catch(fail)
  for (let told = false; !stopped && held(running).length > 0; told = true) {
    if (!told && !quiet) console.error(`sysring: everything is in the queues; waiting for the consumers of ${held(running).join(', ')}, Ctrl-C ends`)
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }
  clearInterval(timer)
  // A pipeline or cluster that failed has told so.
  await running.close().catch(fail)
  if (!isBrokenPipe(failure)) await print(lines(running, true))
  if (failure !== undefined) throw failure
  return OK
}
