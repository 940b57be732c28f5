import { PACKET } from '../event/event.js'
import type { Capture, Stats } from '../iface/capture.js'
import { importModule } from '../thread.js'
import type { Analyzer, StartOptions } from './analyzer.js'
import { withContainers } from './containers.js'
import { Folding, LATE_MS, type Part } from './folding.js'
import { shipped } from './shipped.js'

/** What a thread that folds has to know. */
export interface FoldData {
  /** Where the analyzer is: the name of one of ours, or the URL of a module whose default export it is. */
  shipped?: string
  module?: string
  /** Its columns for containers are asked for. */
  containers: boolean
  start: StartOptions
  everyMs: number | undefined
  /** The capture is of what happens now. */
  live: boolean
}

/** What it tells: an interval's part; that it is past the intervals before `reached`; what its capture says of itself, now and then and at the end. */
export type FromFold = { part: Part<unknown> } | { reached: number } | { stats: Stats }

export async function analyzerOf({ shipped: name, module, containers }: FoldData): Promise<Analyzer> {
  const asked = name !== undefined ? await shipped(name) : (await importModule(module!) as { default: Analyzer }).default
  return containers ? withContainers(asked) : asked
}

/** Folds the events of a capture, and posts each interval's part. `room`: waits until another part may be posted. */
export async function foldAll(capture: Capture, analyzer: Analyzer, { start, everyMs, live }: FoldData, post: (message: FromFold) => void, room?: () => Promise<void>): Promise<void> {
  let reached = -Infinity
  const tell = (interval: number) => {
    if (interval <= reached) return
    reached = interval
    post({ reached })
  }
  const folding = new Folding(analyzer, start, everyMs, part => {
    post({ part })
    post({ stats: capture.stats() })
    tell(part.interval + 1)
  })
  const timer = everyMs === undefined || !live ? undefined : setInterval(() => {
    const now = Date.now() - LATE_MS
    folding.advance(now)
    tell(Math.floor(now / everyMs))
  }, Math.min(everyMs, 250))
  try {
    for await (const burst of capture) {
      for (const ev of burst) if (ev.type !== PACKET) folding.add(ev)
      await room?.()
    }
  } finally {
    clearInterval(timer)
  }
  folding.end()
  post({ stats: capture.stats() })
  tell(Infinity)
}
