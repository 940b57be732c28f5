import { cpus, release, type as osType } from 'node:os'
import { CaptureError } from '../errors.js'
import type { Event } from '../event/event.js'
import type { Packet } from '../event/packet.js'
import { HEADER } from '../event/record.js'
import type { Capture } from '../iface/capture.js'
import {
  ENHANCED_PACKET, endBlock, endOfOptions, INTERFACE_DESCRIPTION, metadataBlocks, sectionHeader, startBlock, textOption,
  textOptionSize, wholeBlocks,
} from './block.js'
import { processText } from '../event/line.js'
import type { Chunk } from './chunk.js'
import { type Format, write } from './format.js'
import { FRAME_V1, type Framing, frameHeader, frameLinktype, LINKTYPE_ETHERNET, LINKTYPE_USER0, wrap } from './framing.js'
import { EVENT_OVERHEAD, eventBlock } from './scap.js'
import { type Period, statisticsBlock, statisticsBytes } from './statistics.js'

export interface PcapngOptions {
  /**
   * How a record is carried. `ethernet` (default): as a frame with EtherType 0x88B5, which every pcap tool reads and
   * which can stand beside the packets of a NIC. `user0`: the same without the Ethernet header, under LINKTYPE_USER0.
   * `scap`: as sysdig's event block, which Wireshark dissects and `sysdig -r` reads; system calls only.
   */
  framing?: 'scap' | Framing
  /** Keep at most that many bytes of a frame, 64 … 262144 (default). Not for `scap`: its records are whole. */
  snaplen?: number
  /**
   * A comment on every frame: `true` for direction, name and thread of a record and for the process of a packet ("pid=1234 comm=curl
   * container=web"), or what a function returns. Notes of the stages of a pipeline are comments of their own, unless this is `false`.
   */
  comments?: boolean | ((event: Event) => string | undefined)
  /** The filter that the records went through, to be noted in the file. */
  filter?: string
}

/** The longest packet that tcpdump and Wireshark take; the snaplen that tcpdump writes too. */
export const MAX_SNAPLEN = 262144

/**
 * Writes a pcapng file with nanoseconds, one link type and one snaplen: with two of either tcpdump refuses a file.
 *
 * @example await pipeline(capture, pcapng(), createWriteStream('calls.pcapng', { mode: 0o600 }))
 */
export function pcapng(options: PcapngOptions = {}): (source: Capture) => AsyncGenerator<Uint8Array, void, void> {
  checkSnaplen(options.snaplen, options.framing === 'scap')
  return (source) => write(source, pcapngFormat(options, false))
}

/** @internal `seekable`: the statistics may be written into the file afterwards. */
export function pcapngFormat(options: PcapngOptions, seekable: boolean): Format {
  checkSnaplen(options.snaplen, options.framing === 'scap')
  return options.framing === 'scap' ? new ScapBlocks(options, seekable) : new Frames(options, options.framing ?? 'ethernet')
}

/** What both kinds of file have in common: the section and interface headers, the metadata, when it was. */
abstract class Pcapng implements Format {
  abstract readonly overhead: number
  abstract readonly linktype: number
  /** `sysdig -r` expects a section header of 28 bytes. */
  protected readonly noOptions: boolean = false
  protected readonly options: PcapngOptions
  protected readonly period: Period = { startHi: 0, startLo: 0, endHi: 0, endLo: 0 }
  /** Interfaces described in this section. */
  protected described = 0
  #sections = 0

  constructor(options: PcapngOptions) {
    this.options = options
  }

  header(source: Capture, out: Chunk): void {
    this.described = 0
    sectionHeader(out, 0, this.noOptions ? undefined : () => sectionOptions(out))
    this.describe(source, out, source.interfaces.length)
  }

  section(source: Capture, out: Chunk): void {
    if (this.#sections++ > 0) {
      out.reserve(4096)
      this.header(source, out)
    }
    metadataBlocks(out, source.metadata)
  }

  abstract record(event: Event, out: Chunk): void
  abstract end(source: Capture, out: Chunk): void

  whole(chunk: Uint8Array, limit: number): number {
    return wholeBlocks(chunk, limit)
  }

  /** Describes the source's interfaces up to `count`. */
  protected describe(source: Capture, out: Chunk, count: number): void {
    for (; this.described < count; this.described++) {
      const { name, linktype } = source.interfaces[this.described] ?? { name: 'sysdig', linktype: undefined }
      const calls = linktype !== LINKTYPE_ETHERNET
      out.reserve(64 + textOptionSize(name) + textOptionSize('system calls') + textOptionSize(this.options.filter ?? ''))
      const start = startBlock(out, INTERFACE_DESCRIPTION)
      out.u16(this.linktype)
      out.u16(0)
      out.u32(this.options.snaplen ?? MAX_SNAPLEN)
      textOption(out, IF_NAME, name)
      textOption(out, IF_DESCRIPTION, calls ? 'system calls' : undefined)
      // The first byte of this option says that the rest is text.
      textOption(out, IF_FILTER, this.options.filter, 1)
      out.u16(IF_TSRESOL)
      out.u16(1)
      out.u32(9) // 10^-9 s, and three bytes of padding
      endOfOptions(out)
      endBlock(out, start)
    }
  }

  protected sawTime(high: number, low: number): void {
    const { period } = this
    if (period.startHi === 0) {
      period.startHi = high
      period.startLo = low
    }
    period.endHi = high
    period.endLo = low
  }
}

/** Framing `scap`: an interface for tcpdump's sake, then the blocks of a .scap file. */
class ScapBlocks extends Pcapng {
  readonly overhead = EVENT_OVERHEAD
  readonly linktype = LINKTYPE_USER0
  protected override readonly noOptions = true
  readonly #seekable: boolean
  #statisticsAt = -1

  constructor(options: PcapngOptions, seekable: boolean) {
    super(options)
    this.#seekable = seekable
  }

  override header(source: Capture, out: Chunk): void {
    super.header(source, out)
    this.describe(source, out, 1)
    // `sysdig -r` stops at any block after the first event that is not one: the statistics get their place now and
    // their numbers at the end, or, in a pipe, there are none.
    if (this.#seekable && this.#statisticsAt < 0) {
      this.#statisticsAt = out.length
      statisticsBlock(out, NO_STATS, this.period, false)
    }
  }

  record(event: Event, out: Chunk): void {
    this.sawTime(event.tsHi, event.tsLo)
    eventBlock(event, out)
  }

  end(): void {}

  patch(source: Capture): { position: number; bytes: Uint8Array } {
    return { position: this.#statisticsAt, bytes: statisticsBytes(source.stats(), this.period) }
  }
}

/** Framings `ethernet` and `user0`: every record is the payload of an Enhanced Packet Block. */
class Frames extends Pcapng {
  readonly overhead: number
  readonly linktype: number
  readonly #framing: Framing
  readonly #header: number
  readonly #snaplen: number
  readonly #comment: ((event: Event) => string | undefined) | undefined
  readonly #notes: boolean
  #source: Capture | undefined

  constructor(options: PcapngOptions, framing: Framing) {
    super(options)
    this.#framing = framing
    this.#header = frameHeader(framing)
    this.linktype = frameLinktype(framing)
    this.#snaplen = options.snaplen ?? MAX_SNAPLEN
    this.#comment = options.comments === true ? commentOn : options.comments === false ? undefined : options.comments
    this.#notes = options.comments !== false
    this.overhead = EPB_HEADER + this.#header + 3 + 4
  }

  override header(source: Capture, out: Chunk): void {
    this.#source = source
    super.header(source, out)
  }

  record(event: Event, out: Chunk): void {
    if (event.iface >= this.described) {
      const need = event.caplen + this.overhead
      this.describe(this.#source!, out, event.iface + 1)
      out.reserve(need)
    }
    const high = event.tsHi
    const low = event.tsLo
    this.sawTime(high, low)

    const packet = event._packet
    const length = packet === undefined ? this.#header + event.len : event.len
    const captured = packet === undefined ? length : packet.bytes.length
    const caplen = captured < this.#snaplen ? captured : this.#snaplen
    const { view, at } = out
    const total = EPB_HEADER + ((caplen + 3) & ~3) + 4
    // Zeros for the padding, which is part of the last word before the length; whatever is no padding is written over.
    view.setUint32(at + total - 8, 0, true)
    view.setUint32(at, ENHANCED_PACKET, true)
    view.setUint32(at + 4, total, true)
    view.setUint32(at + 8, event.iface, true)
    view.setUint32(at + 12, high, true)
    view.setUint32(at + 16, low, true)
    view.setUint32(at + 20, caplen, true)
    view.setUint32(at + 24, length, true)
    view.setUint32(at + total - 4, total, true)
    if (packet === undefined) frame(event, out, at + EPB_HEADER, this.#framing, caplen)
    else {
      checkLinktype(packet, this.linktype)
      packet.bytes.copyTo(out.memory.subarray(at + EPB_HEADER, at + EPB_HEADER + caplen))
    }
    out.at = at + total
    const comment = this.#comment?.(event)
    const note = this.#notes ? event.note : undefined
    if (comment !== undefined || note !== undefined) addComments(out, total, comment, note)
  }

  end(source: Capture, out: Chunk): void {
    out.reserve(1024)
    this.describe(source, out, 1)
    statisticsBlock(out, source.stats(), this.period)
  }
}

function sectionOptions(out: Chunk): void {
  textOption(out, SHB_HARDWARE, cpus()[0]?.model)
  textOption(out, SHB_OS, `${osType()} ${release()}`)
  textOption(out, SHB_APPLICATION, 'sysring')
  endOfOptions(out)
}

/** Writes the frame of a record at `at`, cut to `caplen`. Shared with classic pcap. */
export function frame(event: Event, out: Chunk, at: number, framing: Framing, caplen: number): void {
  const flags = event._header === HEADER ? event.flags : event.flags | FRAME_V1
  const record = wrap(out.view, at, framing, event.type, flags, event.cpu)
  out.at = record
  out.copy(event._memory, event._view, event._at, caplen - (record - at))
}

/** A file has one link type: packets of another one cannot go into it. */
export function checkLinktype(packet: Packet, linktype: number): void {
  if (packet.linktype === linktype && linktype === LINKTYPE_ETHERNET) return
  throw new CaptureError(
    'ERR_CAPTURE_FORMAT',
    `packets of link type ${packet.linktype} do not fit into a file of link type ${linktype}`,
    linktype === LINKTYPE_ETHERNET
      ? 'write the packets to a file of their own'
      : "write system calls and packets with { framing: 'ethernet' }, or to two files",
  )
}

/** @internal */
export function checkSnaplen(snaplen: number | undefined, whole = false): void {
  if (snaplen === undefined) return
  if (whole) {
    throw new CaptureError('ERR_CAPTURE_OPTION', "records are not cut in framing 'scap'", 'leave snaplen out, or use it when opening the capture')
  }
  if (!Number.isInteger(snaplen) || snaplen < 64 || snaplen > MAX_SNAPLEN) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `snaplen must be 64 to ${MAX_SNAPLEN}, not ${snaplen}`, 'leave snaplen out to keep everything')
  }
}

function commentOn(event: Event): string | undefined {
  if (event._packet !== undefined) return processText(event)
  return `${event.dir === 'enter' ? '>' : '<'} ${event.name} tid=${event.tid}`
}

/** Appends opt_comments to the block of `length` bytes that has just been written. */
function addComments(out: Chunk, length: number, ...texts: (string | undefined)[]): void {
  const comments = texts.filter(text => text !== undefined && text !== '')
  if (comments.length === 0) return
  out.reserve(comments.reduce((size, text) => size + textOptionSize(text!), 8))
  const start = out.at - length
  out.at -= 4
  for (const text of comments) textOption(out, OPT_COMMENT, text)
  endOfOptions(out)
  endBlock(out, start)
}

/** Type, length, interface, timestamp, two lengths. */
const EPB_HEADER = 28

const OPT_COMMENT = 1
const SHB_HARDWARE = 2
const SHB_OS = 3
const SHB_APPLICATION = 4
const IF_NAME = 2
const IF_DESCRIPTION = 3
const IF_TSRESOL = 9
const IF_FILTER = 11

const NO_STATS = { seen: 0, delivered: 0, dropped: { total: 0 }, filtered: 0, pending: 0, late: 0, perCpu: [] }
