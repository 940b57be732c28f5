import type { Capture } from '../iface/capture.js'
import { Interrupted } from './report.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Opens a capture that the first signal ends as if it had come to its end: what was recorded until then is still printed
 * or written. A second signal ends the process.
 */
export async function interruptible(open: (signal: AbortSignal) => Promise<Capture>): Promise<Capture> {
  const opening = new AbortController()
  let capture: Capture | undefined
  const stop = () => {
    for (const signal of SIGNALS) process.off(signal, stop)
    if (capture === undefined) opening.abort(new Interrupted())
    else capture.stop()
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  capture = await open(opening.signal)
  return capture
}
