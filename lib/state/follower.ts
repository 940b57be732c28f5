import { type Event, FLAG_STATE_ONLY } from '../event/event.js'
import { EVENT_COUNT, eventInfo } from '../event/table.js'
import type { Cursor } from '../iface/burst.js'
import type { State } from './state.js'

export interface FollowerOptions {
  /** Does the filter keep the event? */
  accept?: (ev: Event) => boolean
  /** By event code: not 0 for those that the state has to see, or the filter may keep; OWN if only those of `own`. Undefined: all. */
  needed?: Uint8Array
  /** See Cursor.passOver(). */
  own?: Uint8Array
  /** Events that the filter refuses, but that change the state, are passed on with FLAG_STATE_ONLY: for files. */
  keepState?: boolean
}

/**
 * Between the source and the burst: the state follows every record that it needs, and what the filter refuses is left out.
 * Nothing is copied; the record stays where it lies.
 */
export class Follower implements Cursor {
  /** Records left out, by CPU. */
  readonly filteredOn: number[] = []
  #state: State
  /** The first record of the state's time has been seen: from then on records may be passed over unseen. */
  #begun = false
  readonly #source: Cursor
  readonly #accept: ((ev: Event) => boolean) | undefined
  readonly #needed: Uint8Array | undefined
  readonly #own: Uint8Array | undefined
  readonly #keepState: boolean

  constructor(source: Cursor, state: State, { accept, needed, own, keepState }: FollowerOptions) {
    this.#source = source
    this.#state = state
    this.#accept = accept
    if (needed !== undefined) {
      this.#needed = new Uint8Array(65_536).fill(1)
      this.#needed.set(needed)
    }
    this.#own = own
    this.#keepState = keepState ?? false
  }

  get state(): State {
    return this.#state
  }

  /** Goes on with another state. */
  set state(state: State) {
    this.#state = state
    this.#begun = false
    this.#source.passOver?.(undefined)
  }

  /** Records left out. */
  get filtered(): number {
    return this.filteredOn.reduce((total, count) => total + count, this.#source.passed ?? 0)
  }

  next(event: Event): boolean {
    const state = this.#state
    const accept = this.#accept
    const needed = this.#needed
    event.flags = 0 // of the record before; rings have none to set
    while (this.#source.next(event)) {
      if (!this.#begun) this.#begin(event)
      if (needed === undefined || needed[event.type] !== 0) {
        state.update(event)
        if (accept === undefined || accept(event)) return true
        if (this.#keepState && changesState(event.type)) {
          event.flags |= FLAG_STATE_ONLY
          return true
        }
      }
      event.num++
      this.filteredOn[event.cpu] = (this.filteredOn[event.cpu] ?? 0) + 1
    }
    return false
  }

  ahead(wanted: Uint8Array, see: (event: Event) => void): void {
    this.#source.ahead?.(wanted, see)
  }

  /** Times run from the first record, whether anybody wants it or not. */
  #begin(event: Event): void {
    this.#begun = true
    this.#state.begin(event)
    if (this.#needed !== undefined) this.#source.passOver?.(this.#needed, this.#own)
  }
}

const changes = new Int8Array(EVENT_COUNT).fill(-1)

/** As the driver's table has it: EF_MODIFIES_STATE. */
export function changesState(type: number): boolean {
  if (type >= EVENT_COUNT) return false
  if (changes[type] < 0) changes[type] = eventInfo(type)?.flags.includes('MODIFIES_STATE') === true ? 1 : 0
  return changes[type] === 1
}
