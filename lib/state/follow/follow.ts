import type { Event } from '../../event/event.js'
import { int64 } from '../params.js'
import type { State } from '../state.js'
import type { ThreadInfo } from '../threadinfo.js'

/** What an event changes in the state. `thread` is undefined where the event has none. */
export type Follow = (state: State, ev: Event, thread: ThreadInfo | undefined) => void

/** By the event's name, which all of its versions share. */
export interface Followers {
  readonly enter?: Readonly<Record<string, Follow>>
  readonly exit?: Readonly<Record<string, Follow>>
}

/** For events that change nothing without a thread. */
export function ofThread(follow: (state: State, ev: Event, thread: ThreadInfo) => void): Follow {
  return (state, ev, thread) => {
    if (thread !== undefined) follow(state, ev, thread)
  }
}

/** The same for calls that did not fail; `result` is what they gave. */
export function onSuccess(follow: (state: State, ev: Event, thread: ThreadInfo, result: number) => void): Follow {
  return (state, ev, thread) => {
    if (thread === undefined) return
    const result = int64(ev, 0, -1)
    if (result >= 0) follow(state, ev, thread, result)
  }
}
