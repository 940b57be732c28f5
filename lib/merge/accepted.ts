import type { Event } from '../event/event.js'
import type { Cursor } from '../iface/burst.js'

/** Between the merge and its burst: leaves out what a filter refuses, which sees packets with their process. */
export class Accepted implements Cursor {
  /** Records left out. */
  filtered = 0
  readonly #source: Cursor
  readonly #accept: (ev: Event) => boolean

  constructor(source: Cursor, accept: (ev: Event) => boolean) {
    this.#source = source
    this.#accept = accept
  }

  next(event: Event): boolean {
    while (this.#source.next(event)) {
      if (this.#accept(event)) return true
      this.filtered++
      event.num++
    }
    return false
  }
}
