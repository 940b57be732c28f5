import type { Event } from '../event/event.js'
import type { ThreadInfo } from '../state/threadinfo.js'

/*
 * The way from a process up to init. Threads are walked by their `ptid`; what the stream says of it may be out of date, so
 * the way may lead in circles, or to a thread that has meanwhile got the number.
 */

/** No real line of processes is this long: whoever has come so far walks in a circle. */
const MAX_DEPTH = 1024

/** The main thread of the event's thread. */
export function mainThread(ev: Event): ThreadInfo | undefined {
  const thread = ev._thread
  return thread === undefined ? undefined : ev._state!.mainOf(thread)
}

/** The thread that started the event's thread. */
export function parentThread(ev: Event): ThreadInfo | undefined {
  const thread = ev._thread
  return thread === undefined ? undefined : ev._state!.parentOf(thread)
}

/** Of the event's process: itself for 0, its parent for 1, and so on; undefined where the line ends before. */
export function ancestor(ev: Event, level: number): ThreadInfo | undefined {
  let thread = mainThread(ev)
  for (let i = 0; i < level && thread !== undefined; i++) thread = ev._state!.parentOf(thread)
  return thread
}

/** The first of the ancestors of `thread`, itself not among them, of which `test` is true. */
export function findAncestor(ev: Event, thread: ThreadInfo, test: (thread: ThreadInfo) => boolean): ThreadInfo | undefined {
  const state = ev._state!
  let at = state.parentOf(thread)
  for (let depth = 0; at !== undefined && at.tid !== -1 && depth < MAX_DEPTH; depth++) {
    if (test(at)) return at
    at = state.parentOf(at)
    if (at !== undefined && at.tid === at.ptid) return undefined
  }
  return undefined
}
