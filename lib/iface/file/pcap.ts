import type { Event } from '../../event/event.js'
import type { Lost } from '../burst.js'
import type { Interface } from '../capture.js'
import { LentPacket } from '../packet.js'
import { Sequences } from '../sequences.js'
import { type Format, malformed, MAX_BLOCK } from './format.js'
import type { Window } from './window.js'

/** Classic savefiles: a header of 24 bytes, then packets of 16 bytes and their data. Source: pcap-savefile(5). */
const FILE_HEADER = 24
const PACKET_HEADER = 16

/** By the first four bytes, read as big endian. */
export const PCAP_MAGIC: ReadonlyMap<number, { little: boolean; nanos: boolean }> = new Map([
  [0xa1b2c3d4, { little: false, nanos: false }],
  [0xd4c3b2a1, { little: true, nanos: false }],
  [0xa1b23c4d, { little: false, nanos: true }],
  [0x4d3cb2a1, { little: true, nanos: true }],
])

const TWO32 = 0x1_0000_0000

export class Pcap implements Format {
  readonly interfaces: Interface[] = []
  readonly metadata = []
  readonly section = 0
  readonly dropped: Lost = { total: 0 }
  readonly #window: Window
  readonly #little: boolean
  /** Nanoseconds per unit of the second half of a time stamp. */
  readonly #unit: number
  readonly sequences = new Sequences(true)
  readonly #packet = new LentPacket(this.sequences)

  constructor(window: Window, magic: { little: boolean; nanos: boolean }) {
    this.#window = window
    this.#little = magic.little
    this.#unit = magic.nanos ? 1 : 1000
  }

  settle(): number {
    const { view, at, end, offset } = this.#window
    if (this.interfaces.length === 0) {
      if (end - at < FILE_HEADER) return FILE_HEADER
      // The upper bits of the link type hold flags about the frame check sequence.
      const linktype = view.getUint32(at + 20, this.#little) & 0x03ff_ffff
      this.interfaces.push({ name: '', linktype, snaplen: view.getUint32(at + 16, this.#little) })
      this.#packet.linktype = linktype
      this.#window.at += FILE_HEADER
      return this.settle()
    }
    if (end - at < PACKET_HEADER) return PACKET_HEADER
    const caplen = view.getUint32(at + 8, this.#little)
    if (caplen > MAX_BLOCK - PACKET_HEADER) throw malformed(`a packet of ${caplen} bytes`, offset)
    return end - at < PACKET_HEADER + caplen ? PACKET_HEADER + caplen : 0
  }

  next(event: Event): boolean {
    const window = this.#window
    const little = this.#little
    for (;;) {
      const { view, at } = window
      const room = window.end - at - PACKET_HEADER
      if (room < 0) return false
      const caplen = view.getUint32(at + 8, little)
      if (caplen > room) return false
      if (this.#show(event, window, view, at, caplen)) return true
    }
  }

  /** The packet at hand; false when it is to be passed over. Stands behind it then. */
  #show(event: Event, window: Window, view: DataView, at: number, caplen: number): boolean {
    const little = this.#little
    // Seconds times 10^9 is beyond 2^53: the two halves of the seconds are multiplied apart.
    const seconds = view.getUint32(at, little)
    const high = (seconds >>> 16) * 1e9
    const low = (high % 65536) * 65536 + (seconds & 0xffff) * 1e9 + view.getUint32(at + 4, little) * this.#unit
    const tsHi = Math.floor(high / 65536) + Math.floor(low / TWO32)
    event.iface = 0
    const { offset } = window
    window.at = at + PACKET_HEADER + caplen
    return this.#packet.showAt(offset, event, window.memory, view, at + PACKET_HEADER, caplen, view.getUint32(at + 12, little), tsHi, low % TWO32)
  }
}
