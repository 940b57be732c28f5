import type { Event } from '../event/event.js'
import type { ThreadInfo } from '../state/threadinfo.js'

/**
 * Memory of an analyzer: what it has to know of each process from one event to the next; its key has to be 'pid'. It goes when the capture's own
 * state forgets the process, which bounds it.
 */
export class Processes<T> {
  readonly #known = new WeakMap<ThreadInfo, T>()

  /** Of the process of this event; undefined if nothing was set, or nobody knows whose event it is. */
  get(ev: Event): T | undefined {
    const main = mainOf(ev)
    return main && this.#known.get(main)
  }

  set(ev: Event, value: T): void {
    const main = mainOf(ev)
    if (main !== undefined) this.#known.set(main, value)
  }
}

/** The thread whose life is the process's; without one, the event's own. */
function mainOf({ _state: state, _thread: thread }: Event): ThreadInfo | undefined {
  return thread && (state!.mainOf(thread) ?? thread)
}
