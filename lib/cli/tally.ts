import type { Event } from '../event/event.js'

/** Threads are counted up to here, the kernel's own limit (PID_MAX_LIMIT). */
const MAX_TID = 1 << 22
/** CPU numbers have 16 bits in every format. */
const MAX_CPUS = 1 << 16

/** What can be said of events from their headers alone. */
export class Tally {
  events = 0
  bytes = 0
  enter = 0
  /** Events by CPU number. A CPU that no event names costs no memory: its page is never touched. */
  readonly perCpu = new Float64Array(MAX_CPUS)
  readonly #threads = new Uint32Array(MAX_TID / 32)
  /** Words of `#threads` and CPUs that are in use. */
  #words = 0
  #cpus = 0
  #firstHi = 0
  #firstLo = 0
  #lastHi = 0
  #lastLo = 0

  /** Counts a burst, or a few events. The hot loop: numbers only, no parameter is looked at and nothing is allocated. */
  add(burst: Iterable<Event>): void {
    const { perCpu } = this
    const threads = this.#threads
    let { events, bytes, enter } = this
    let words = this.#words
    let cpus = this.#cpus
    let last: Event | undefined
    for (const ev of burst) {
      if (events++ === 0) {
        this.#firstHi = ev.tsHi
        this.#firstLo = ev.tsLo
      }
      bytes += ev.len
      enter += ~ev.type & 1
      const { cpu, tid } = ev
      perCpu[cpu]++
      if (cpu >= cpus) cpus = cpu + 1
      if (tid >= 0 && tid < MAX_TID) {
        const word = tid >>> 5
        threads[word] |= 1 << (tid & 31)
        if (word >= words) words = word + 1
      }
      last = ev
    }
    // The burst's one event still stands at the last record: the lease ends later.
    if (last !== undefined) {
      this.#lastHi = last.tsHi
      this.#lastLo = last.tsLo
    }
    this.events = events
    this.bytes = bytes
    this.enter = enter
    this.#words = words
    this.#cpus = cpus
  }

  /** Different threads so far. */
  get threads(): number {
    let count = 0
    for (let word = 0; word < this.#words; word++) {
      for (let bits = this.#threads[word]; bits !== 0; bits &= bits - 1) count++
    }
    return count
  }

  /** Seconds from the first event to the last, by their own time. */
  get span(): number {
    return ((this.#lastHi - this.#firstHi) * 0x1_0000_0000 + (this.#lastLo - this.#firstLo)) / 1e9
  }

  /** CPUs that any event named, in order. */
  get cpus(): number[] {
    const cpus: number[] = []
    for (let cpu = 0; cpu < this.#cpus; cpu++) if (this.perCpu[cpu] > 0) cpus.push(cpu)
    return cpus
  }
}
