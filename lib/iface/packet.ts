import { type Event, FLAG_STATE_ONLY, PACKET } from '../event/event.js'
import { PacketAt } from '../event/packet.js'
import { HEADER, HEADER_V1, LEN, TS, TYPE } from '../event/record.js'
import { FRAME_SEQUENCE, FRAME_SUMMARY, FRAME_V1, frameCpu, frameFlags, SEQUENCE_TRAILER, SUMMARY, unwrap } from '../export/framing.js'
import { paramsInV1, recordLength } from '../event/validate.js'
import type { Sequences } from './sequences.js'

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
  readonly #sequences: Sequences | undefined
  /** Where the newest packet began that showAt() was asked for; and the last one, and the one before, that it showed. */
  #newest = -1
  #last = -1
  #before = -1
  readonly #header = new Uint8Array(HEADER)
  readonly #view = new DataView(this.#header.buffer)

  /** `sequences`: a frame made by this library is shown as the event that it carries, and its number is counted there. */
  constructor(sequences?: Sequences) {
    super()
    this.#sequences = sequences
    this.#view.setUint16(TYPE, PACKET, true)
  }

  /**
   * Shows the packet of `caplen` bytes at `at` as `event`: as the event that it carries, when that is wanted, it is a frame made
   * by this library and the record in it is whole; otherwise as a packet that was `len` bytes long on the wire. Returns false for
   * what is to be passed over: a frame that has come before, and one that only tells of the others' numbers. `isNew`: its number has
   * not been counted yet.
   */
  show(event: Event, memory: Uint8Array, view: DataView, at: number, caplen: number, len: number, tsHi: number, tsLo: number, isNew = true): boolean {
    const sequences = this.#sequences
    if (sequences !== undefined) {
      const record = unwrap(view, at, caplen, this.linktype)
      if (record >= 0) {
        const end = at + caplen
        const flags = frameFlags(view, record)
        if ((flags & FRAME_SUMMARY) !== 0 && record + SUMMARY <= end) {
          if (isNew) sequences.summary(view.getInt32(record, true), view.getInt32(record + 4, true), view.getInt32(record + 8, true))
          return false
        }
        if (showFrame(event, memory, view, record, end, flags)) return !isNew || (flags & FRAME_SEQUENCE) === 0 || counted(sequences, view, record + event.len, end)
        if (isNew && (flags & FRAME_SEQUENCE) !== 0) sequences.cut()
      }
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
    return true
  }

  /**
   * The same for files, whose readers come back to what they have looked at: at most to the last two packets that were shown, and what
   * was passed over before them. `place` is where it begins in the file.
   */
  showAt(place: number, event: Event, memory: Uint8Array, view: DataView, at: number, caplen: number, len: number, tsHi: number, tsLo: number): boolean {
    const isNew = place > this.#newest
    const shown = this.show(event, memory, view, at, caplen, len, tsHi, tsLo, isNew)
    if (!isNew) return place === this.#last || place === this.#before
    this.#newest = place
    if (shown) {
      this.#before = this.#last
      this.#last = place
    }
    return shown
  }

  /** Shows a packet of `caplen` bytes that lies behind its header at `at`. */
  showStored(event: Event, memory: Uint8Array, view: DataView, at: number, caplen: number): boolean {
    return this.show(event, memory, view, at + STORED_HEADER, caplen, storedLength(view, at), view.getUint32(at + STORED_TS + 4, true), view.getUint32(at + STORED_TS, true))
  }
}

function showFrame(event: Event, memory: Uint8Array, view: DataView, record: number, end: number, flags: number): boolean {
  if ((flags & FRAME_V1) === 0) {
    if (recordLength(view, record, end - record) === 0) return false
    event._header = HEADER
  } else {
    // Its length is right, and the memory of rings must not be written: paramsOfV1() may put a wrong one right.
    const len = end - record < HEADER_V1 ? 0 : view.getUint32(record + LEN, true)
    if (len < HEADER_V1 || len > end - record) return false
    const nparams = paramsInV1(view, record, len)
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

/** Counts the number behind a record; false when that has come before. */
function counted(sequences: Sequences, view: DataView, at: number, end: number): boolean {
  if (at + SEQUENCE_TRAILER <= end) return sequences.see(view.getInt32(at, true), view.getInt32(at + 4, true))
  sequences.cut()
  return true
}
