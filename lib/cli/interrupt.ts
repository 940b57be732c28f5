import { Interrupted } from './report.js'

/** What ends a command. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Opens a capture, or what else can be stopped, that the first signal ends as if it had come to its end: what was recorded until then
 * is still printed or written. A second signal ends the process.
 */
export async function interruptible<T extends { stop(): void }>(open: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const opening = new AbortController()
  let opened: T | undefined
  const stop = () => {
    for (const signal of SIGNALS) process.off(signal, stop)
    if (opened === undefined) opening.abort(new Interrupted())
    else opened.stop()
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  opened = await open(opening.signal)
  return opened
}
