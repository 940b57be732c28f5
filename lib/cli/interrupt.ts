import type { Event } from '../event/event.js'
import type { Burst } from '../iface/burst.js'
import type { Capture } from '../iface/capture.js'
import { Interrupted } from './report.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Opens a capture that the first signal ends as if it had come to its end: after the burst that is under way, so that
 * all that was delivered is also printed or written. A second signal ends the process.
 */
export async function interruptible(open: (signal: AbortSignal) => Promise<Capture>): Promise<Capture> {
  const controller = new AbortController()
  const stop = () => {
    for (const signal of SIGNALS) process.off(signal, stop)
    controller.abort(new Interrupted())
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  const capture = await open(controller.signal)
  return withBursts(capture, async function* () {
    try {
      for await (const burst of capture) {
        yield burst
        if (controller.signal.aborted) return
      }
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error
    }
  })
}

/** A capture for a writer, with a look at every event on its way there. */
export function watched(capture: Capture, look: (event: Event) => void): Capture {
  return withBursts(capture, async function* () {
    for await (const burst of capture) yield passing(burst, look)
  })
}

function passing(burst: Burst, look: (event: Event) => void): Burst {
  const events = function* (): Generator<Event, void, void> {
    for (const event of burst) {
      look(event)
      yield event
    }
  }
  return { lost: burst.lost, [Symbol.iterator]: events } as unknown as Burst
}

/** The same capture with a loop of its own. */
function withBursts(capture: Capture, bursts: () => AsyncGenerator<Burst, void, void>): Capture {
  return new Proxy(capture, {
    get(target, key) {
      if (key === Symbol.asyncIterator) return bursts
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
