import type { Event } from '../event/event.js'
import { HEADER } from '../event/record.js'
import type { Cursor } from '../iface/burst.js'
import { paramsInV1, recordLength, SLACK } from '../event/validate.js'
import type { Rings } from './rings.js'
import type { Threads } from './threads.js'

/** PPME_CPU_HOTPLUG_E: a CPU went or came. Its first parameter is the CPU, as u32. */
const CPU_HOTPLUG = 244

export interface SieveOptions {
  /** Bytes of a record's header: 26, or 22 of drivers before 2018. */
  header: number
  /** By event code: 1 = wanted. */
  types: Uint8Array
  /** Of generic events, by ppm_sc: 1 = wanted. Undefined: all. */
  generic: Uint8Array | undefined
  /** Undefined: all threads are wanted. */
  threads: Threads | undefined
}

/**
 * Between the rings and the burst, for records that somebody else's driver made: checks that each is whole, and leaves out
 * what that driver could not be told to leave out. What is left out counts as filtered.
 */
export class Sieve implements Cursor {
  /** A CPU without a ring has come online: what happens there is not seen. */
  unseenCpu: number | undefined
  /** Records left out, by CPU. */
  readonly filtered: number[] = []
  readonly #rings: Rings
  readonly #options: SieveOptions
  readonly #cpus: ReadonlySet<number>

  constructor(rings: Rings, cpus: readonly number[], options: SieveOptions) {
    this.#rings = rings
    this.#options = options
    this.#cpus = new Set(cpus)
    for (const cpu of cpus) this.filtered[cpu] = 0
  }

  next(event: Event): boolean {
    while (this.#rings.next(event)) {
      this.#check(event)
      if (this.#wants(event)) return true
      this.filtered[event.cpu]++
    }
    return false
  }

  /** Records were lost: what they said about threads has to be found out again. */
  lookAgain(): void {
    this.#options.threads?.look()
  }

  #check(event: Event): void {
    const { _view: view, len } = event
    // The ring lies in the view twice: near the end of the second, the same record in the first has memory behind it.
    const at = event._at + HEADER + SLACK <= view.byteLength ? event._at : event._at - view.byteLength / 2
    if (this.#options.header === HEADER) {
      if (recordLength(view, at, len) !== 0) return
    } else {
      event._header = this.#options.header
      event._nparams = paramsInV1(view, at, len)
      if (event._nparams >= 0) return
    }
    throw this.#rings.corrupt(event.cpu, `a record of type ${event.type} whose parameters do not fit its ${len} bytes`)
  }

  #wants(event: Event): boolean {
    const { type } = event
    const { types, generic, threads } = this.#options
    // Threads first: they have to know of every thread that comes and goes.
    if (threads !== undefined && !threads.wants(event)) return false
    if (type === CPU_HOTPLUG) this.#hotplug(event)
    if (types[type] === 0) return false
    if (type > 1 || generic === undefined) return true
    return event.nparams > 0 && event._paramLength(0) >= 2 && generic[event._view.getUint16(event._paramAt(0), true)] === 1
  }

  #hotplug(event: Event): void {
    if (event.nparams === 0 || event._paramLength(0) < 4) return
    const cpu = event._view.getUint32(event._paramAt(0), true)
    if (!this.#cpus.has(cpu)) this.unseenCpu = cpu
  }
}
