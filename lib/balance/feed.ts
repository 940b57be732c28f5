import { CaptureError } from '../errors.js'
import { type Event, FLAG_STATE_ONLY } from '../event/event.js'
import { HEADER } from '../event/record.js'
import type { Burst } from '../iface/burst.js'
import type { ClusterHandle } from '../native.js'

/** Words per record, and records per call into the addon: ClusterHandle::Distribute of native/addon/cluster_handle.cc. */
const WORDS = 8
const RECORDS = 2048
/** queue_flags of native/cluster/layout.h */
const IS_PACKET = 2
const OLD_HEADER = 4
/** In place of a queue's number: the key decides; no queue, it is only for the state. */
export const BY_KEY = 0xffff_ffff
export const NO_QUEUE = 0xffff_fffe

/**
 * Distributes what a capture delivers on this thread: where records come from a file, or have to be looked at in JavaScript.
 *
 * A list of where records lie is made while a burst is walked; the addon copies them into the queues, so the burst's memory is
 * borrowed only until the next turn of its loop.
 */
export class Feed {
  readonly #handle: ClusterHandle
  readonly #waits: boolean
  readonly #choose: ((ev: Event) => number) | undefined
  readonly #list = new Uint32Array(WORDS * RECORDS)
  #memory: Uint8Array = new Uint8Array(0)
  #count = 0
  #stopped = false

  /** `waits`: for room in the queues; otherwise what does not fit is dropped. `choose`: the queue of an event; −1: none. */
  constructor(handle: ClusterHandle, waits: boolean, choose?: (ev: Event) => number) {
    this.#handle = handle
    this.#waits = waits
    this.#choose = choose
  }

  /** Ends a wait for room: what is left is dropped, and counted. */
  stop(): void {
    this.#stopped = true
  }

  async take(burst: Burst): Promise<void> {
    for (const ev of burst) {
      const packet = ev._packet?.bytes
      const memory = packet === undefined ? ev._memory : packet._memory
      if (memory !== this.#memory || this.#count === RECORDS) {
        await this.#flush()
        this.#memory = memory
      }
      const words = this.#list
      const at = WORDS * this.#count++
      const stateOnly = (ev.flags & FLAG_STATE_ONLY) !== 0
      words[at] = packet === undefined ? ev._at : packet._at
      words[at + 1] = packet === undefined ? ev.len : packet.length
      words[at + 2] = (packet === undefined ? 0 : IS_PACKET) | (ev._header === HEADER ? 0 : OLD_HEADER) | (ev.iface << 16)
      words[at + 3] = ev.cpu
      words[at + 4] = stateOnly ? NO_QUEUE : this.#choose === undefined ? BY_KEY : chosen(this.#choose(ev))
      words[at + 5] = ev.len
      words[at + 6] = ev.tsLo
      words[at + 7] = ev.tsHi
    }
    await this.#flush()
  }

  async #flush(): Promise<void> {
    const count = this.#count
    this.#count = 0
    for (let from = 0, pause = 0; from < count;) {
      const waits = this.#waits && !this.#stopped
      const to = this.#handle.distribute(this.#memory, this.#list, from, count, waits)
      if (to === count) return
      if (!waits) throw new CaptureError('ERR_CAPTURE_FORMAT', `record ${to} of a burst is too short to be one`, 'this is a fault of the capture that is balanced; please report it')
      pause = to === from ? Math.min(10, pause + 1) : 0
      from = to
      this.#handle.beat()
      await new Promise(resolve => { if (pause === 0) setImmediate(resolve); else setTimeout(resolve, pause) })
    }
  }
}

function chosen(queue: number): number {
  return queue >= 0 ? Math.floor(queue) : NO_QUEUE
}
