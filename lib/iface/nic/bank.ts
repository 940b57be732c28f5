import type { Event } from '../../event/event.js'
import type { Cursor } from '../burst.js'
import { LentPacket, STORED_HEADER, storedLength, storeHeader } from '../packet.js'
import type { Sequences } from '../sequences.js'

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

  constructor(bytes: number, linktype: number, sequences?: Sequences) {
    this.#memory = Buffer.allocUnsafeSlow(bytes)
    this.#view = new DataView(this.#memory.buffer)
    this.#packet = new LentPacket(sequences)
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
    if (at + STORED_HEADER + length > this.#memory.length) return false
    // In ms since the epoch; a double holds that to a quarter of a microsecond.
    const now = performance.timeOrigin + performance.now()
    const ms = Math.floor(now)
    const low = (ms % TWO32) * 1e6 + Math.round((now - ms) * 1e6)
    const high = Math.floor(ms / TWO32) * 1e6 + Math.floor(low / TWO32)
    storeHeader(this.#view, at, length, high, low % TWO32)
    this.#memory.set(bytes.subarray(0, length), at + STORED_HEADER)
    this.#end = at + STORED_HEADER + length
    this.count++
    return true
  }

  next(event: Event): boolean {
    while (this.#walked < this.count) {
      const at = this.#at
      // Whole packets: as long as on the wire.
      const length = storedLength(this.#view, at)
      this.#at = at + STORED_HEADER + length
      this.#walked++
      if (this.#packet.showStored(event, this.#memory, this.#view, at, length)) return true
    }
    return false
  }

  clear(): void {
    this.count = this.#walked = this.#at = this.#end = 0
  }
}
