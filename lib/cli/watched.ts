import type { Event } from '../event/event.js'
import type { Burst } from '../iface/burst.js'
import type { Capture } from '../iface/capture.js'

/** A capture for a writer, with a look at every event on its way there. */
export function watched(capture: Capture, look: (event: Event) => void): Capture {
  const bursts = async function* (): AsyncGenerator<Burst, void, void> {
    for await (const burst of capture) yield passing(burst, look)
  }
  return new Proxy(capture, {
    get(target, key) {
      if (key === Symbol.asyncIterator) return bursts
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
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
