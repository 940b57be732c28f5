import type { Event } from '../event/event.js'
import { CaptureError } from '../errors.js'
import { FLAG_STATE_ONLY } from '../event/event.js'
import { HEADER, HEADER_V1, LEN } from '../event/record.js'
import { paramsInV1 } from '../event/validate.js'
import type { Cursor } from '../iface/burst.js'
import { LentPacket, STORED_HEADER } from '../iface/packet.js'
import type { Interface } from '../iface/capture.js'
import type { QueueHandle } from '../native.js'

// struct queue_entry of native/cluster/layout.h, in words
const SIZE = 0
const LENGTH = 1
const FLAGS_AND_IFACE = 2
const CPU_AND_NOTE = 3
/** Bytes of it. */
export const ENTRY = 16
const STATE_ONLY = 1
const IS_PACKET = 2
const OLD_HEADER = 4
/** The length that a record says itself. */
const RECORD_LEN = (ENTRY + LEN) >> 2

/**
 * The entries of a queue, in place.
 *
 * In: the queue's memory, mapped twice, and its head at each refill. What was handed out belongs to the burst until release(),
 * which lets the producer have it back. Positions are u32 that run over.
 */
export class Entries implements Cursor {
  /** Copies for the state that came by. */
  stateOnly = 0
  readonly #handle: QueueHandle
  readonly #view: DataView
  /** The same, for entries: they lie at multiples of 8 bytes. */
  readonly #words: Int32Array
  readonly #memory: Uint8Array
  readonly #mask: number
  readonly #interfaces: readonly Interface[]
  readonly #passesState: boolean
  readonly #packet = new LentPacket()
  #at: number
  #end: number

  /** `passesState`: copies for the state are shown; else they are passed over. */
  constructor(handle: QueueHandle, interfaces: readonly Interface[], passesState: boolean) {
    const data = handle.data()
    this.#handle = handle
    this.#view = new DataView(data)
    this.#words = new Int32Array(data)
    this.#memory = new Uint8Array(data)
    this.#mask = data.byteLength / 2 - 1
    this.#interfaces = interfaces
    this.#passesState = passesState
    // Where the consumer before ended.
    this.#at = this.#end = handle.tail() | 0
  }

  /** Bytes of the queue. */
  get size(): number {
    return this.#mask + 1
  }

  /** Looks for new entries, and returns how many bytes of them there are. `head` is what poll() or wait() said. */
  refill(head: number): number {
    const waiting = (head - this.#at) >>> 0
    if (waiting > this.size) throw this.#unreadable()
    this.#end = head | 0
    return waiting
  }

  /** Short, so that V8 inlines it into the loop over a burst: records without flags are nearly all there are. */
  next(event: Event): boolean {
    const words = this.#words
    const left = (this.#end - this.#at) | 0
    if (left === 0) return false
    const at = this.#at & this.#mask
    const word = at >> 2
    const size = words[word + SIZE]
    const len = words[word + LENGTH]
    const flags = words[word + FLAGS_AND_IFACE]
    const cpu = words[word + CPU_AND_NOTE]
    if (len < 0 || size < ENTRY + len + (cpu >>> 16) || size > left) throw this.#unreadable()
    this.#at = (this.#at + size) | 0
    event.iface = flags >>> 16
    event._noteLength = cpu >>> 16
    event._noteAt = at + ENTRY + len
    if ((flags & 0xffff) !== 0 || event._view !== this.#view || event._packet !== undefined) return this.#show(event, at + ENTRY, len, flags)
    if (len < HEADER_V1 || words[word + RECORD_LEN] !== len) throw this.#unreadable()
    event._at = at + ENTRY
    event._header = HEADER
    event.cpu = cpu & 0xffff
    event.flags = 0
    return true
  }

  /** Any other entry, or the first one of its kind. */
  #show(event: Event, at: number, len: number, flags: number): boolean {
    if ((flags & STATE_ONLY) !== 0) {
      this.stateOnly++
      if (!this.#passesState) return this.#passOver(event)
    }
    if ((flags & IS_PACKET) !== 0) this.#showPacket(event, at, len, flags >>> 16)
    else this.#showRecord(event, at, len, flags)
    event.cpu = this.#words[((at - ENTRY) >> 2) + CPU_AND_NOTE] & 0xffff
    event.flags = (flags & STATE_ONLY) === 0 ? 0 : FLAG_STATE_ONLY
    return true
  }

  /** Copies for the state mostly come one after the other, and how many is not up to us: no recursion. */
  #passOver(event: Event): boolean {
    const words = this.#words
    for (;;) {
      const left = (this.#end - this.#at) | 0
      const word = (this.#at & this.#mask) >> 2
      if (left === 0 || (words[word + FLAGS_AND_IFACE] & STATE_ONLY) === 0) return this.next(event)
      const size = words[word + SIZE]
      if (size < ENTRY || size > left) throw this.#unreadable()
      this.#at = (this.#at + size) | 0
      this.stateOnly++
    }
  }

  #showRecord(event: Event, at: number, len: number, flags: number): void {
    if (len < HEADER_V1 || this.#words[(at + LEN) >> 2] !== len) throw this.#unreadable()
    event._memory = this.#memory
    event._view = this.#view
    event._packet = undefined
    event._at = at
    event._header = HEADER
    if ((flags & OLD_HEADER) === 0) return
    event._header = HEADER_V1
    event._nparams = paramsInV1(this.#view, at, len)
  }

  #showPacket(event: Event, at: number, len: number, iface: number): void {
    if (len < STORED_HEADER) throw this.#unreadable()
    this.#packet.linktype = this.#interfaces[iface]?.linktype ?? 1
    this.#packet.showStored(event, this.#memory, this.#view, at, len - STORED_HEADER)
  }

  /** Ends the burst: what was handed out goes back to the producer. */
  release(): void {
    if (!this.#handle.release(this.#at >>> 0)) throw this.#unreadable()
  }

  #unreadable(): CaptureError {
    this.#end = this.#at
    return new CaptureError('ERR_CAPTURE_FORMAT', 'the queue holds no whole record where one should be', 'does another program write to its memory? balance again')
  }
}
