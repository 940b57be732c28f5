import type { Event } from '../event/event.js'
import { HEADER, HEADER_V1 } from '../event/record.js'
import type { Cursor } from '../iface/burst.js'
import { paramsInV1 } from '../event/validate.js'
import type { Rings } from './rings.js'
import type { Threads } from './threads.js'

export interface SieveOptions {
  /** Bytes of a record's header: 26, or 22 of drivers before 2018, which then has to say what it carries. */
  header: number
  /** By event code: 1 = wanted. */
  types: Uint8Array
  /** Of generic events, by ppm_sc: 1 = wanted. Undefined: all. */
  generic: Uint8Array | undefined
  /** Undefined: all threads are wanted. */
  threads: Threads | undefined
}

/**
 * Between the rings and the burst, for records of a driver that could not be told everything: leaves out what it could not
 * leave out. That counts as filtered.
 */
export class Sieve implements Cursor {
  /** Records left out, by CPU. */
  readonly filtered: number[] = []
  readonly #rings: Rings
  readonly #old: boolean
  readonly #types: Uint8Array
  readonly #generic: Uint8Array | undefined
  readonly #threads: Threads | undefined

  constructor(rings: Rings, cpus: readonly number[], { header, types, generic, threads }: SieveOptions) {
    this.#rings = rings
    for (const cpu of cpus) this.filtered[cpu] = 0
    this.#old = header !== HEADER
    this.#types = types
    this.#generic = generic
    this.#threads = threads
  }

  next(event: Event): boolean {
    while (this.#rings.next(event)) {
      if (this.#old) this.#countParams(event)
      if (this.#wants(event, event.type)) return true
      this.filtered[event.cpu]++
    }
    return false
  }

  /** Also of those that next() leaves out. Records with old headers it does not show. */
  ahead(wanted: Uint8Array, see: (event: Event) => void): void {
    if (!this.#old) this.#rings.ahead(wanted, see)
  }

  /** Records were lost: what they said about threads has to be found out again. */
  lookAgain(): void {
    this.#threads?.look()
  }

  /** From now on nothing of these processes; the list takes the place of the one before. */
  leaveOut(pids: readonly number[]): void {
    this.#threads?.leaveOut(pids)
  }

  /** Old headers do not say it. */
  #countParams(event: Event): void {
    event._header = HEADER_V1
    event._nparams = paramsInV1(event._view, event._at, event.len)
    if (event._nparams < 0) throw this.#rings.reject(`a record of type ${event.type} whose parameters do not fit its ${event.len} bytes`)
  }

  #wants(event: Event, type: number): boolean {
    // Threads first: they have to know of every thread that comes and goes.
    if (this.#threads !== undefined && !this.#threads.wants(event, type)) return false
    if (this.#types[type] === 0) return false
    if (type > 1 || this.#generic === undefined) return true
    return event.nparams > 0 && event._paramLength(0) >= 2 && this.#generic[event._view.getUint16(event._paramAt(0), true)] === 1
  }
}
