import { CaptureError } from '../errors.js'
import type { Capture } from '../iface/capture.js'
import type { State } from '../state/state.js'
import type { Analyzer } from './analyzer.js'
import { compileEntryFilter, entriesOf } from './entries.js'
import { Folding } from './folding.js'
import type { Job } from './job.js'
import type { Joining } from './joining.js'
import { onAbort, openOn } from './source.js'

/** How long the runtimes of containers may take to tell of them, in ms: twice two seconds, and one between. */
const RUNTIMES_MS = 5000
const LOOK_MS = 20

/** Events that stand at the beginning of files and tell what was there before: containers, users, groups. */
const TOLD_BEFORE: ReadonlySet<number> = new Set([228, 272, 324, 354, 356, 358, 360])

/** Folds the tables of the machine as they were at the beginning of the capture: of a running machine, now. */
export async function atMoment<S>(analyzer: Analyzer<S>, job: Job, joining: Joining<S>): Promise<void> {
  const { name, entries } = analyzer
  const test = job.filter === undefined ? undefined : compileEntryFilter(job.filter).test
  const folding = new Folding(analyzer, job.start, undefined, part => joining.add(part))
  const capture = await openOn(job.on, { state: true })
  const look = () => {
    const { state } = capture
    if (state === undefined) throw new CaptureError('ERR_CAPTURE_OPTION', `${name} asks for the tables of the machine, and ${capture.device} has none`, 'open a capture of system calls, with { state: true }')
    for (const entry of entriesOf(state, entries!)) if (test === undefined || test(entry)) folding.add(entry)
  }
  try {
    onAbort(job.signal, () => capture.stop())
    if (capture.canWait) {
      if (!await atFirstEvent(capture, look)) look()
    } else {
      if (entries === 'containers') await runtimesHaveTold(capture.state, job.signal)
      look()
    }
  } finally {
    await capture.close()
  }
  folding.end()
  joining.end()
}

/** Of a file: it has told by then what was there before. False where there is none. */
async function atFirstEvent(capture: Capture, look: () => void): Promise<boolean> {
  for await (const burst of capture) {
    for (const ev of burst) {
      if (TOLD_BEFORE.has(ev.type)) continue
      look()
      return true
    }
  }
  return false
}

async function runtimesHaveTold(state: State | undefined, signal: AbortSignal): Promise<void> {
  const until = Date.now() + RUNTIMES_MS
  const isPending = () => state !== undefined && [...state.containers.values()].some(({ lookup }) => lookup === 'pending')
  while (isPending() && Date.now() < until && !signal.aborted) await new Promise(resolve => setTimeout(resolve, LOOK_MS))
}
