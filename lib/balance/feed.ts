import { CaptureError } from '../errors.js'
import { type Event, FLAG_STATE_ONLY } from '../event/event.js'
import { HEADER } from '../event/record.js'
import type { Burst } from '../iface/burst.js'
import type { ClusterHandle } from '../native.js'

/** Words per record, and records per call into the addon: ClusterHandle::Distribute of native/addon/cluster_handle.cc. */
const WORDS = 10
const RECORDS = 2048
/** queue_flags of native/cluster/layout.h */
const STATE_ONLY = 1
const IS_PACKET = 2
const OLD_HEADER = 4
/** Bytes of all notes of one call, and of one: a u16 says how long it is. */
const NOTES = 256 << 10
const MAX_NOTE = 0xffff
/** In place of a queue's number: the key decides; no queue, it is only for the state. */
const BY_KEY = 0xffff_ffff
const NO_QUEUE = 0xffff_fffe

/**
 * The queue of an event, −1 for none; with a text, that goes with it as `ev.note`. What a function for `by` returns.
 */
export type Choice = number | readonly [queue: number, note: string]

/**
 * Distributes what a capture delivers on this thread: where records come from a file, or have to be looked at in JavaScript.
 *
 * A list of where records lie is made while a burst is walked; the addon copies them into the queues, so the burst's memory is
 * borrowed only until the next turn of its loop.
 */
export class Feed {
  readonly #handle: ClusterHandle
  readonly #waits: boolean
  readonly #choose: ((ev: Event) => Choice | undefined) | undefined
  readonly #list = new Uint32Array(WORDS * RECORDS)
  readonly #notes = Buffer.alloc(NOTES)
  #memory: Uint8Array = new Uint8Array(0)
  #count = 0
  /** Bytes of `#notes` that are in use. */
  #noted = 0
  #stopped = false

  /** `waits`: for room in the queues; otherwise what does not fit is dropped. */
  constructor(handle: ClusterHandle, waits: boolean, choose?: (ev: Event) => Choice | undefined) {
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
      const packet = ev._packet
      const memory = packet === undefined ? ev._memory : packet._memory
      if (memory !== this.#memory || this.#count === RECORDS || this.#noted > NOTES - MAX_NOTE) {
        await this.#flush()
        this.#memory = memory
      }
      const stateOnly = (ev.flags & FLAG_STATE_ONLY) !== 0
      let choice: Choice | undefined
      try {
        choice = stateOnly ? -1 : this.#choose?.(ev)
      } catch (error) {
        await this.#flush() // what came before is good
        throw error
      }
      const words = this.#list
      const at = WORDS * this.#count++
      const note = typeof choice === 'object' ? choice[1] : ev.note
      words[at] = packet === undefined ? ev._at : packet._start
      words[at + 1] = packet === undefined ? ev.len : packet._length
      words[at + 2] = (stateOnly ? STATE_ONLY : 0) | (packet === undefined ? 0 : IS_PACKET) | (ev._header === HEADER ? 0 : OLD_HEADER) | (ev.iface << 16)
      words[at + 3] = ev.cpu
      words[at + 4] = choice === undefined ? BY_KEY : queueOf(choice)
      words[at + 5] = ev.len
      words[at + 6] = ev.tsLo
      words[at + 7] = ev.tsHi
      words[at + 8] = this.#noted
      words[at + 9] = note === undefined ? 0 : this.#notes.write(note, this.#noted, MAX_NOTE)
      this.#noted += words[at + 9]
    }
    await this.#flush()
  }

  async #flush(): Promise<void> {
    const count = this.#count
    this.#count = 0
    for (let from = 0, pause = 0; from < count;) {
      const waits = this.#waits && !this.#stopped
      const to = this.#handle.distribute(this.#memory, this.#list, from, count, waits, this.#notes)
      if (to === count) break
      if (!waits) throw new CaptureError('ERR_CAPTURE_FORMAT', `record ${to} of a burst is too short to be one`, 'this is a fault of the capture that is balanced; please report it')
      pause = to === from ? Math.min(10, pause + 1) : 0
      from = to
      this.#handle.beat()
      await new Promise(resolve => { if (pause === 0) setImmediate(resolve); else setTimeout(resolve, pause) })
    }
    this.#noted = 0
  }
}

function queueOf(choice: Choice): number {
  const queue = typeof choice === 'number' ? choice : choice[0]
  return queue >= 0 ? Math.floor(queue) : NO_QUEUE
}
