import type { Event } from '../../event/event.js'
import type { Cursor } from '../burst.js'
import { LentPacket } from '../packet.js'

/** Before each packet: time, low word first, and length. */
const HEADER = 12

const TWO32 = 0x1_0000_0000

/** Packets that were copied, in a memory of fixed size: filled first, then walked. */
export class Bank implements Cursor {
  /** Packets in it. */
  count = 0
  readonly #memory: Uint8Array
  readonly #view: DataView
  readonly #packet: LentPacket
  /** Packets that were walked. */
  #walked = 0
  #at = 0
  #end = 0

  constructor(bytes: number, linktype: number, decap: boolean) {
    this.#memory = Buffer.allocUnsafeSlow(bytes)
    this.#view = new DataView(this.#memory.buffer)
    this.#packet = new LentPacket(decap)
    this.#packet.linktype = linktype
  }

  /** Packets that were not walked yet. */
  get left(): number {
    return this.count - this.#walked
  }

  /** More than a quarter is full. */
  get isCrowded(): boolean {
    return this.#end > this.#memory.length / 4
  }

  /** Copies a packet, stamped with the time now; false when there is no room. */
  add(bytes: Uint8Array, length: number): boolean {
    const at = this.#end
    if (at + HEADER + length > this.#memory.length) return false
    // In ms since the epoch; a double holds that to a quarter of a microsecond.
    const now = performance.timeOrigin + performance.now()
    const ms = Math.floor(now)
    const low = (ms % TWO32) * 1e6 + Math.round((now - ms) * 1e6)
    const high = Math.floor(ms / TWO32) * 1e6 + Math.floor(low / TWO32)
    this.#view.setUint32(at, low % TWO32, true)
    this.#view.setUint32(at + 4, high, true)
    this.#view.setUint32(at + 8, length, true)
    this.#memory.set(bytes.subarray(0, length), at + HEADER)
    this.#end = at + HEADER + length
    this.count++
    return true
  }

  next(event: Event): boolean {
    if (this.#walked === this.count) return false
    const at = this.#at
    const view = this.#view
    const length = view.getUint32(at + 8, true)
    this.#packet.show(event, this.#memory, view, at + HEADER, length, length, view.getUint32(at + 4, true), view.getUint32(at, true))
    this.#at = at + HEADER + length
    this.#walked++
    return true
  }

  clear(): void {
    this.count = this.#walked = this.#at = this.#end = 0
  }
}
