import { CaptureError } from '../../errors.js'
import { Event, FLAG_STATE_ONLY } from '../../event/event.js'
import { HEADER, HEADER_V1, MAX_RECORD, TID, TYPE } from '../../event/record.js'
import { type Lost, OWN } from '../burst.js'
import type { Interface } from '../capture.js'
import type { MetadataBlock } from '../metadata.js'
import { LentPacket } from '../packet.js'
import { Sequences } from '../sequences.js'
import * as block from './blocks.js'
import { type Format, malformed, MAX_BLOCK } from './format.js'
import { Contents, type Described, nanoseconds } from './section.js'
import { paramsOfV1, recordLength } from '../../event/validate.js'
import type { Window } from './window.js'

const BYTE_ORDER_MAGIC = 0x1a2b3c4d
const TWO32 = 0x1_0000_0000
/** The word of an event block whose upper half is the event's type: 8 bytes of block and 2 of CPU before the record. */
const TYPE_WORD = (8 + block.CPU_SIZE + TYPE) >> 2
/** The same of the lower 16 bits of its tid. */
const TID_WORD = (8 + block.CPU_SIZE + TID) >> 2
const ALL_THREADS = new Uint8Array(65_536).fill(1)
/** Bytes of an event block whose record has no parameters. */
const SMALLEST = block.FRAMING + block.CPU_SIZE + HEADER

/**
 * pcapng and .scap, which is pcapng with block types of its own: one file may have both.
 *
 *     u32 type | u32 length of all | body, padded to 4 | u32 length of all
 *
 * Event block: u16 cpu | u32 flags in EVF | record. Source: libscap's scap_savefile.h.
 */
export class Pcapng implements Format {
  readonly #window: Window
  readonly #contents = new Contents()
  readonly sequences = new Sequences(true)
  readonly #packet = new LentPacket(this.sequences)
  /** Only here to find out, between bursts, whether the block that the window stands at is sound. */
  readonly #probe = new Event()
  /** Records that were passed over. */
  passed = 0
  #wanted: Uint8Array | undefined
  #own: Uint8Array = ALL_THREADS
  /** Byte order of the section. */
  #little = true
  /** Interface of event blocks; -1 until there is one, which keeps next() from walking events. */
  #events = -1

  constructor(window: Window) {
    this.#window = window
  }

  get interfaces(): readonly Interface[] { return this.#contents.interfaces }
  get metadata(): readonly MetadataBlock[] { return this.#contents.metadata }
  get section(): number { return Math.max(0, this.#contents.section) }
  get dropped(): Lost { return this.#contents.dropped }

  passOver(wanted: Uint8Array | undefined, own: Uint8Array = ALL_THREADS): void {
    this.#wanted = wanted
    this.#own = own
  }

  /** The hot path is the first branch: one event block of today's version. */
  next(event: Event): boolean {
    const window = this.#window
    if (this.#wanted !== undefined && this.#events >= 0) this.#skip(event, window, this.#wanted)
    const { view, at } = window
    const room = window.end - at
    if (room < block.FRAMING) return false
    if (this.#events < 0 || view.getInt32(at, true) !== block.EVENT) return this.#nextOther(event, room)

    const size = view.getInt32(at + 4, true)
    if (size > room || size < block.FRAMING + block.CPU_SIZE + HEADER || view.getInt32(at + size - 4, true) !== size) return false
    if (recordLength(view, at + 8 + block.CPU_SIZE, size - block.FRAMING - block.CPU_SIZE) === 0) return false
    if (event._view !== view) attach(event, window)
    event._packet = undefined
    event._header = HEADER
    event._at = at + 8 + block.CPU_SIZE
    event.cpu = view.getUint16(at + 8, true)
    event.iface = this.#events
    event.flags = 0
    window.at = at + size
    return true
  }

  /** The quickest way through a file: only the lengths of blocks are looked at, and what type of event they hold. */
  #skip(event: Event, window: Window, wanted: Uint8Array): void {
    const { end } = window
    let { at } = window
    // Blocks are aligned to four bytes in the file, and nearly always in memory.
    if ((at & 3) !== 0) return
    const { words } = window
    const own = this.#own
    let count = 0
    while (end - at >= SMALLEST) {
      const first = at >> 2
      const size = words[first + 1]
      const want = wanted[words[first + TYPE_WORD] >>> 16]
      if ((want !== 0 && (want !== OWN || own[words[first + TID_WORD] >>> 16] !== 0)) || words[first] !== block.EVENT) break
      if (size < SMALLEST || size > end - at || (size & 3) !== 0 || words[(at + size - 4) >> 2] !== size) break
      at += size
      count++
    }
    window.at = at
    event.num += count
    this.passed += count
  }

  ahead(wanted: Uint8Array, see: (event: Event) => void): void {
    if (this.#events < 0) return
    const { view, end } = this.#window
    const event = this.#probe
    for (let at = this.#window.at; end - at >= block.FRAMING;) {
      const size = view.getInt32(at + 4, true)
      if (size < block.FRAMING || size > end - at) break // next() ends there as well
      const record = at + 8 + block.CPU_SIZE
      const isEvent = view.getInt32(at, true) === block.EVENT && size >= SMALLEST
      if (isEvent && wanted[view.getUint16(record + TYPE, true)] === 1 && recordLength(view, record, size - block.FRAMING - block.CPU_SIZE) > 0) {
        attach(event, this.#window)
        event._header = HEADER
        event._at = record
        see(event)
      }
      at += size
    }
    event._end()
  }

  #nextOther(event: Event, room: number): boolean {
    const window = this.#window
    const { view, end } = window
    while (room >= block.FRAMING) {
      const { at } = window
      const size = view.getUint32(at + 4, this.#little)
      if (size > room || size < block.FRAMING || view.getUint32(at + size - 4, this.#little) !== size) return false
      if (this.#show(event, view.getUint32(at, this.#little), at + 8, size - block.FRAMING)) {
        window.at = at + size
        return true
      }
      if (window.at === at) return false
      // A frame was passed over.
      room = end - window.at
      if (this.#events >= 0 && room >= block.FRAMING && view.getInt32(window.at, true) === block.EVENT) return this.next(event)
    }
    return false
  }

  #show(event: Event, type: number, at: number, size: number): boolean {
    switch (type) {
      case block.EVENT:
      case block.EVENT_LARGE: return this.#event(event, at, size, 0, false)
      case block.EVENT_FLAGS:
      case block.EVENT_FLAGS_LARGE: return this.#event(event, at, size, block.FLAGS_SIZE, false)
      case block.EVENT_V1:
      case block.EVENT_V1_PRERELEASE: return this.#event(event, at, size, 0, true)
      case block.EVENT_FLAGS_V1: return this.#event(event, at, size, block.FLAGS_SIZE, true)
      case block.ENHANCED_PACKET: return this.#enhancedPacket(event, at, size)
      case block.PACKET_BLOCK: return this.#obsoletePacket(event, at, size)
      case block.SIMPLE_PACKET: return this.#simplePacket(event, at, size)
      default: return false
    }
  }

  #event(event: Event, at: number, size: number, flagsSize: number, v1: boolean): boolean {
    const before = block.CPU_SIZE + flagsSize
    if (this.#events < 0 || size < before) return false
    const window = this.#window
    const { view } = window
    const record = at + before
    const room = size - before
    const nparams = v1 ? paramsOfV1(view, record, room) : -1
    if (v1 ? nparams < 0 : recordLength(view, record, room) === 0) return false
    attach(event, window)
    event._header = v1 ? HEADER_V1 : HEADER
    event._nparams = nparams
    event._at = record
    event.cpu = view.getUint16(at, true)
    event.iface = this.#events
    event.flags = flagsSize === 0 ? 0 : view.getUint32(at + block.CPU_SIZE, true) & FLAG_STATE_ONLY
    return true
  }

  #enhancedPacket(event: Event, at: number, size: number): boolean {
    return size >= 20 && this.#timedPacket(event, this.#window.view.getUint32(at, this.#little), at, size)
  }

  /** The same, except that a u16 count of drops shares the place of the interface with a u16. */
  #obsoletePacket(event: Event, at: number, size: number): boolean {
    return size >= 20 && this.#timedPacket(event, this.#window.view.getUint16(at, this.#little), at, size)
  }

  #timedPacket(event: Event, iface: number, at: number, size: number): boolean {
    const { view } = this.#window
    const little = this.#little
    const caplen = view.getUint32(at + 12, little)
    if (iface >= this.#contents.described.length || caplen > size - 20) return false
    return this.#showPacket(event, this.#contents.described[iface], at + 20, caplen, view.getUint32(at + 16, little), view.getUint32(at + 4, little), view.getUint32(at + 8, little))
      || this.#passOver(at + size)
  }

  /** No time, always the section's first interface, and cut at its snaplen. */
  #simplePacket(event: Event, at: number, size: number): boolean {
    if (size < 4 || this.#contents.described.length === 0) return false
    const described = this.#contents.described[0]
    const len = this.#window.view.getUint32(at, this.#little)
    const caplen = Math.min(len, described.snaplen === 0 ? len : described.snaplen)
    if (caplen > size - 4) return false
    return this.#showPacket(event, described, at + 4, caplen, len, 0, 0) || this.#passOver(at + size)
  }

  /** Of a frame that is to be passed over: stands behind its block, which ends with its length. */
  #passOver(end: number): false {
    this.#window.at = end + 4
    return false
  }

  #showPacket(event: Event, described: Described, at: number, caplen: number, len: number, high: number, low: number): boolean {
    const { memory, offset, view } = this.#window
    const { clock } = described
    if (clock.unit === 1000) {
      const product = low * 1000
      high = high * 1000 + Math.floor(product / TWO32)
      low = product % TWO32
    } else if (clock.unit === 0) {
      const ns = nanoseconds(clock, high, low)
      high = Number(ns >> 32n)
      low = Number(ns & 0xffff_ffffn)
    }
    event.iface = described.index
    this.#packet.linktype = described.linktype
    return this.#packet.showAt(offset, event, memory, view, at, caplen, len, high, low)
  }

  settle(): number {
    const window = this.#window
    for (;;) {
      const { view, at, offset } = window
      const room = window.end - at
      if (room < block.FRAMING) return block.FRAMING
      if (view.getUint32(at) === block.SECTION_HEADER) this.#little = byteOrder(view, at, offset)
      const type = view.getUint32(at, this.#little)
      const size = view.getUint32(at + 4, this.#little)
      const kind = block.blockKind(type)
      if (this.#contents.section < 0 && kind !== 'section') throw malformed('no section header', offset)
      if (size < block.FRAMING) throw malformed(`a block of ${size} bytes (type 0x${type.toString(16)})`, offset)
      if (size > limit(kind, type)) {
        if (kind !== 'metadata' && kind !== 'other') throw malformed(`a block of ${size} bytes (type 0x${type.toString(16)})`, offset)
        window.at = at + size // a list too long to be kept
        continue
      }
      if (kind === 'other') {
        window.at = at + size
        continue
      }
      if (room < size) return size
      if (view.getUint32(at + size - 4, this.#little) !== size) throw malformed(`a block whose two lengths differ (type 0x${type.toString(16)})`, offset)
      if (kind === 'event' || kind === 'packet') {
        this.#standAt(kind, type, offset)
        return 0
      }
      this.#take(kind, type, at + 8, size - block.FRAMING, offset)
      window.at = at + size
    }
  }

  /** Makes sure that the first record of a burst is one, so that no burst is empty and what is wrong has a name. */
  #standAt(kind: 'event' | 'packet', type: number, offset: number): void {
    if (kind === 'event' && this.#events < 0) {
      if (!this.#little) {
        throw new CaptureError('ERR_CAPTURE_FORMAT', `events of a big-endian machine at offset ${offset}`, 'only packets can be read from such a file')
      }
      this.#contents.eventInterface()
      this.#events = this.#contents.events
    }
    const { at } = this.#window
    const wanted = this.#wanted
    this.#wanted = undefined
    const isWhole = this.next(this.#probe) || this.#window.at !== at
    this.#wanted = wanted
    if (!isWhole) throw malformed(`a ${kind} that does not fit its block (type 0x${type.toString(16)})`, offset)
    this.#window.at = at
    this.#probe._end()
  }

  #take(kind: block.BlockKind, type: number, at: number, size: number, offset: number): void {
    const { memory } = this.#window
    const body = new DataView(memory.buffer, memory.byteOffset + at, size)
    switch (kind) {
      case 'section': return this.#startSection(body, offset)
      case 'interface': return this.#contents.describe(body, this.#little, offset)
      case 'statistics': return this.#contents.statistics(body, this.#little, offset)
      case 'metadata': return this.#little ? this.#contents.keep(type, memory.subarray(at, at + size)) : undefined
    }
  }

  #startSection(body: DataView, offset: number): void {
    if (body.byteLength < 16) throw malformed('a section header that is too short', offset)
    const major = body.getUint16(4, this.#little)
    if (major !== 1) {
      throw new CaptureError('ERR_CAPTURE_VERSION', `version ${major} of the file format at offset ${offset}`, 'this library reads version 1; save the capture again with current tools')
    }
    this.#contents.startSection()
    this.#events = -1
  }
}

function attach(event: Event, window: Window): void {
  event._view = window.view
  event._memory = window.memory
  event._packet = undefined
}

/** Of a section: true for little endian. The block's type reads the same both ways. */
function byteOrder(view: DataView, at: number, offset: number): boolean {
  if (view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC) return true
  if (view.getUint32(at + 8, false) === BYTE_ORDER_MAGIC) return false
  throw malformed('a section header without byte-order magic', offset)
}

/** The longest block of that kind that can be one. */
function limit(kind: block.BlockKind, type: number): number {
  return kind === 'event' && type !== block.EVENT_LARGE && type !== block.EVENT_FLAGS_LARGE
    ? block.FRAMING + block.CPU_SIZE + block.FLAGS_SIZE + MAX_RECORD + 3
    : MAX_BLOCK
}
