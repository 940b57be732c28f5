import type { Event } from '../../event/event.js'
import type { NicHandle } from '../../native.js'
import type { Cursor } from '../burst.js'
import { LentPacket } from '../packet.js'
import type { Sequences } from '../sequences.js'

/** Places in struct tpacket3_hdr (linux/if_packet.h). Native code has checked that what they say lies within the block. */
const NEXT_OFFSET = 0
const SEC = 4
const NSEC = 8
const SNAPLEN = 12
const LEN = 16
const MAC = 24

const TWO32 = 0x1_0000_0000

/**
 * The blocks of a packet ring, one after the other. What next() shows lies in the ring, on pages that cannot be written, until
 * release() gives the block back.
 */
export class PacketRing implements Cursor {
  /** Packets read: handed out, or passed over. */
  read = 0
  /** Of those, the ones that were older than one before them. */
  late = 0
  readonly #handle: NicHandle
  readonly #memory: Uint8Array
  readonly #view: DataView
  readonly #packet: LentPacket
  /** What NicHandle.next() fills. */
  readonly #found = new Uint32Array(2)
  /** A block is lent. */
  #lent = false
  #at = 0
  #left = 0
  /** The second that the last packet was in, and the two halves of its first nanosecond. */
  #second = -1
  #secondHi = 0
  #secondLo = 0
  #newestHi = 0
  #newestLo = 0

  constructor(handle: NicHandle, sequences?: Sequences) {
    const data = handle.data()
    this.#handle = handle
    this.#memory = new Uint8Array(data)
    this.#view = new DataView(data)
    this.#packet = new LentPacket(sequences)
    this.#packet.linktype = handle.linktype()
  }

  /** Stands before the packets of the next block; false when none is ready. */
  refill(): boolean {
    if (this.#left > 0) return true
    if (!this.#handle.next(this.#found)) return false
    this.#lent = true
    this.#at = this.#found[0]
    this.#left = this.#found[1]
    return true
  }

  next(event: Event): boolean {
    while (this.#left > 0) if (this.#show(event)) return true
    return false
  }

  /** The next packet; false when it is to be passed over. */
  #show(event: Event): boolean {
    const at = this.#at
    const view = this.#view
    const second = view.getUint32(at + SEC, true)
    if (second !== this.#second) this.#newSecond(second)
    let tsLo = this.#secondLo + view.getUint32(at + NSEC, true)
    let tsHi = this.#secondHi
    if (tsLo >= TWO32) {
      tsLo -= TWO32
      tsHi++
    }
    if (tsHi > this.#newestHi || (tsHi === this.#newestHi && tsLo >= this.#newestLo)) {
      this.#newestHi = tsHi
      this.#newestLo = tsLo
    } else {
      this.late++
    }
    const packet = at + view.getUint16(at + MAC, true)
    this.#at = at + view.getUint32(at + NEXT_OFFSET, true)
    this.#left--
    this.read++
    return this.#packet.show(event, this.#memory, view, packet, view.getUint32(at + SNAPLEN, true), view.getUint32(at + LEN, true), tsHi, tsLo)
  }

  /** Seconds times 10^9 is beyond 2^53: the two halves of the seconds are multiplied apart. */
  #newSecond(second: number): void {
    const high = (second >>> 16) * 1e9
    const low = (high % 65536) * 65536 + (second & 0xffff) * 1e9
    this.#second = second
    this.#secondHi = Math.floor(high / 65536) + Math.floor(low / TWO32)
    this.#secondLo = low % TWO32
  }

  /** Gives the block back, if all of it was handed out. */
  release(): void {
    if (!this.#lent || this.#left > 0) return
    this.#lent = false
    this.#handle.release()
  }
}
