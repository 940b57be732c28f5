import type { Capture } from '../../../lib/index.js'

/** A burst as it arrived: what was in it, and for how long the loop had waited for it. */
export interface Arrival {
  tids: number[]
  waitedMs: number
}

export async function arrivals(capture: Capture): Promise<Arrival[]> {
  const found: Arrival[] = []
  let since = performance.now()
  for await (const burst of capture) {
    const waitedMs = performance.now() - since
    found.push({ tids: Array.from(burst, ev => ev.tid), waitedMs })
    since = performance.now()
  }
  return found
}
