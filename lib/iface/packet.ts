import { type Event, FLAG_STATE_ONLY, PACKET } from '../event/event.js'
import { PacketAt } from '../event/packet.js'
import { HEADER, HEADER_V1, LEN, TS, TYPE } from '../event/record.js'
import { FRAME_V1, frameCpu, frameFlags, unwrap } from '../export/framing.js'
import { paramsOfV1, recordLength } from '../event/validate.js'

/** Before a packet that was copied into memory of ours, struct packet_header of native/cluster/layout.h: time in ns, length on the wire. */
const STORED_TS = 0
const STORED_LEN = 8
export const STORED_HEADER = 16

/** Writes the header of a packet that is to be shown with LentPacket.showStored(). */
export function storeHeader(view: DataView, at: number, len: number, tsHi: number, tsLo: number): void {
  view.setUint32(at + STORED_TS, tsLo, true)
  view.setUint32(at + STORED_TS + 4, tsHi, true)
  view.setUint32(at + STORED_LEN, len, true)
}

/** How long it was on the wire. */
export function storedLength(view: DataView, at: number): number {
  return view.getUint32(at + STORED_LEN, true)
}

/**
 * The packet that a cursor stands at. There is one per file, NIC or queue, moved like the Event that hands it out; its bytes are
 * those of the file's chunk, of the ring or of the queue.
 */
export class LentPacket extends PacketAt {
  readonly #decap: boolean
  readonly #header = new Uint8Array(HEADER)
  readonly #view = new DataView(this.#header.buffer)

  /** `decap`: a frame made by this library is shown as the event that it carries. */
  constructor(decap: boolean) {
    super()
    this.#decap = decap
    this.#view.setUint16(TYPE, PACKET, true)
  }

  /**
   * Shows the packet of `caplen` bytes at `at` as `event`: as the event that it carries, when that is wanted, it is a frame made
   * by this library and the record in it is whole; otherwise as a packet that was `len` bytes long on the wire.
   */
  show(event: Event, memory: Uint8Array, view: DataView, at: number, caplen: number, len: number, tsHi: number, tsLo: number): void {
    if (this.#decap) {
      const record = unwrap(view, at, caplen, this.linktype)
      if (record >= 0 && showFrame(event, memory, view, record, at + caplen)) return
    }
    this.#view.setUint32(TS, tsLo, true)
    this.#view.setUint32(TS + 4, tsHi, true)
    this.#view.setUint32(LEN, len, true)
    this._move(this.linktype, memory, at, caplen, event._lease)
    event._view = this.#view
    event._memory = this.#header
    event._at = 0
    event._header = HEADER
    event._packet = this
    event.cpu = 0
    event.flags = 0
  }

  /** Shows a packet of `caplen` bytes that lies behind its header at `at`. */
  showStored(event: Event, memory: Uint8Array, view: DataView, at: number, caplen: number): void {
    this.show(event, memory, view, at + STORED_HEADER, caplen, storedLength(view, at), view.getUint32(at + STORED_TS + 4, true), view.getUint32(at + STORED_TS, true))
  }
}

function showFrame(event: Event, memory: Uint8Array, view: DataView, record: number, end: number): boolean {
  const flags = frameFlags(view, record)
  if ((flags & FRAME_V1) === 0) {
    if (recordLength(view, record, end - record) === 0) return false
    event._header = HEADER
  } else {
    const nparams = paramsOfV1(view, record, end - record)
    if (nparams < 0) return false
    event._header = HEADER_V1
    event._nparams = nparams
  }
  event._view = view
  event._memory = memory
  event._at = record
  event._packet = undefined
  event.cpu = frameCpu(view, record)
  event.flags = flags & FLAG_STATE_ONLY
  return true
}
