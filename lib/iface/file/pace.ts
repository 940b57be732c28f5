import { Event } from '../../event/event.js'
import type { Cursor } from '../burst.js'
import { refuse } from '../options.js'
import type { Format } from './format.js'
import type { Window } from './window.js'

/**
 * A file's records at the times at which they were recorded, counted from the first of them, or at a multiple of that speed. A
 * record that is older than the first one, or has no time, is due at once.
 */
export class Pace implements Cursor {
  readonly #format: Format
  readonly #window: Window
  /** Nanoseconds of the file's time in a millisecond of ours. */
  readonly #speed: number
  /** Only here to look at the next record. */
  readonly #probe = new Event()
  /** When the first record was due, in ms of performance.now(); NaN: there was none yet. */
  #started = NaN
  #firstHi = 0
  #firstLo = 0
  /** Nanoseconds from the first record to the last that is due. */
  #due = 0
  /** Where the record that was handed out last begins. */
  #last = 0

  constructor(format: Format, window: Window, speed: number) {
    this.#format = format
    this.#window = window
    this.#speed = speed * 1e6
  }

  /** Milliseconds until the record is due that the window stands at; 0 or less: it is. Between bursts only. */
  wait(): number {
    const now = performance.now()
    const { at } = this.#window
    // Nothing to wait for where a frame is passed over.
    const age = this.#format.next(this.#probe) ? this.#age(this.#probe, now) : 0
    this.#window.at = at
    this.#probe._end()
    this.#due = (now - this.#started) * this.#speed
    return (age - this.#due) / this.#speed
  }

  next(event: Event): boolean {
    const { at } = this.#window
    if (!this.#format.next(event)) return false
    if (this.#age(event, this.#started) <= this.#due) {
      this.#last = at
      return true
    }
    // Too early. Who looks at the event after the loop is to see the last one that was handed out.
    this.#window.at = this.#last
    this.#format.next(event)
    return false
  }

  /** Nanoseconds since the first record. */
  #age(event: Event, now: number): number {
    const { tsHi, tsLo } = event
    if (tsHi === 0 && tsLo === 0) return 0
    if (Number.isNaN(this.#started)) {
      this.#started = now
      this.#firstHi = tsHi
      this.#firstLo = tsLo
    }
    return (tsHi - this.#firstHi) * 0x1_0000_0000 + (tsLo - this.#firstLo)
  }
}

/** How many times as fast as it was recorded; undefined: as fast as can be. */
export function speedOf(pace: 'capture' | number | undefined): number | undefined {
  if (pace === undefined) return undefined
  const speed = pace === 'capture' ? 1 : pace
  return typeof speed === 'number' && speed > 0 && speed < Infinity ? speed
    : refuse(`pace must be 'capture' or a number above 0, not ${String(pace)}`, "{ pace: 'capture' }, or leave it out for as fast as can be")
}
