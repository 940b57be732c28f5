import { type Event, FLAG_STATE_ONLY } from '../event/event.js'
import { EVENT_COUNT, eventInfo } from '../event/table.js'

export interface Limits {
  events?: number
  /** By the events' own time, from the first of them. */
  seconds?: number
}

/** Counts the events that are asked for, and says where they end. Records that only update the state are none of them. */
export class Gate {
  count = 0
  readonly #events: number
  readonly #ns: number
  #firstHi = 0
  #firstLo = 0

  constructor({ events = Infinity, seconds = Infinity }: Limits) {
    this.#events = events
    this.#ns = seconds * 1e9
  }

  /** Is the end before this event? If not, it counts. */
  endsBefore(ev: Event): boolean {
    if ((ev.flags & FLAG_STATE_ONLY) !== 0) return false
    if (this.count >= this.#events) return true
    if (this.#ns !== Infinity && this.#isLate(ev)) return true
    this.count++
    return false
  }

  /** Were all of them seen? */
  get full(): boolean {
    return this.count >= this.#events
  }

  #isLate(ev: Event): boolean {
    if (this.count === 0) {
      this.#firstHi = ev.tsHi
      this.#firstLo = ev.tsLo
    }
    return (ev.tsHi - this.#firstHi) * 0x1_0000_0000 + (ev.tsLo - this.#firstLo) >= this.#ns
  }
}

const internal = new Uint8Array(EVENT_COUNT)
for (let code = 0; code < EVENT_COUNT; code++) if (eventInfo(code)?.category === 'INTERNAL') internal[code] = 1

/** Is it one that sysdig keeps to itself, about its own work? */
export function isInternal(type: number): boolean {
  return internal[type] === 1
}
