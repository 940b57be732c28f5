import type { Event } from '../../event/event.js'
import { EVENT_COUNT, eventInfo } from '../../event/table.js'
import { int64, strings, text, uint32, uint64, uint8 } from '../params.js'
import type { State } from '../state.js'
import type { ThreadInfo } from '../threadinfo.js'

/**
 * A parameter of a call by its name. Versions of an event have it at different places, and drivers before 4.0 only in the enter
 * event: it is read from the exit event where that carries it, else from the enter event, if that was seen.
 */
export class Argument {
  readonly #names: readonly string[]
  /** Its place by event type. */
  readonly #places = new Int8Array(EVENT_COUNT).fill(UNKNOWN)
  /** Where find() has found it. */
  #index = 0

  /** Several names: in some events it is called otherwise. */
  constructor(...names: string[]) {
    this.#names = names
  }

  /** A signed 64-bit number: an fd, a pid. */
  int64(state: State, ev: Event, thread: ThreadInfo, fallback: number): number {
    const from = this.#find(state, ev, thread)
    return from === undefined ? fallback : int64(from, this.#index, fallback)
  }

  uint64(state: State, ev: Event, thread: ThreadInfo, fallback: bigint): bigint {
    const from = this.#find(state, ev, thread)
    return from === undefined ? fallback : uint64(from, this.#index, fallback)
  }

  uint32(state: State, ev: Event, thread: ThreadInfo, fallback: number): number {
    const from = this.#find(state, ev, thread)
    return from === undefined ? fallback : uint32(from, this.#index, fallback)
  }

  uint8(state: State, ev: Event, thread: ThreadInfo, fallback: number): number {
    const from = this.#find(state, ev, thread)
    return from === undefined ? fallback : uint8(from, this.#index, fallback)
  }

  text(state: State, ev: Event, thread: ThreadInfo): string | undefined {
    const from = this.#find(state, ev, thread)
    return from === undefined ? undefined : text(from, this.#index)
  }

  strings(state: State, ev: Event, thread: ThreadInfo): string[] | undefined {
    const from = this.#find(state, ev, thread)
    return from === undefined ? undefined : strings(from, this.#index)
  }

  /** Calls `read` with the event that carries it and where it lies there; false where there is none. */
  bytes(state: State, ev: Event, thread: ThreadInfo, read: (from: Event, at: number, length: number) => void): boolean {
    const from = this.#find(state, ev, thread)
    if (from === undefined) return false
    read(from, from._paramAt(this.#index), from._paramLength(this.#index))
    return true
  }

  /** The same of the event alone. */
  bytesIn(ev: Event, read: (from: Event, at: number, length: number) => void): boolean {
    const index = this.#placeIn(ev.type)
    if (index < 0 || index >= ev.nparams || ev._paramLength(index) === 0) return false
    read(ev, ev._paramAt(index), ev._paramLength(index))
    return true
  }

  #find(state: State, ev: Event, thread: ThreadInfo): Event | undefined {
    const index = this.#placeIn(ev.type)
    if (index >= 0 && index < ev.nparams && ev._paramLength(index) > 0) {
      this.#index = index
      return ev
    }
    const enter = (ev.type & 1) === 1 ? state.enterOf(ev, thread) : undefined
    if (enter === undefined) return undefined
    this.#index = this.#placeIn(ev.type - 1)
    return this.#index >= 0 && this.#index < enter.nparams && enter._paramLength(this.#index) > 0 ? enter : undefined
  }

  #placeIn(type: number): number {
    const place = this.#places[type]
    return place !== UNKNOWN ? place : (this.#places[type] = eventInfo(type)?.params.findIndex(({ name }) => this.#names.includes(name)) ?? -1)
  }
}

const UNKNOWN = -2
