import { CaptureError } from '../errors.js'
import type { FieldName, FieldValue } from '../field/types.generated.js'
import type { Value } from '../field/field.js'
import { argsOf } from './args.js'
import { Bytes } from './bytes.js'
import { ENDED, type Lease, leaseEnded } from './lease.js'
import { type Direction, HEADER, hasLargeLengths, LEN, NPARAMS, TID, TS, TYPE } from './record.js'
import { eventName } from './table.js'
import { type Packet, PacketAt, type PacketProcess } from './packet.js'
import type { FdInfo } from '../state/fdinfo.js'
import type { State } from '../state/state.js'
import type { ThreadInfo } from '../state/threadinfo.js'
import type { Args, ArgsByName, ArgsByNameAndDirection, EventName } from './types.generated.js'

const NO_BYTES = new Uint8Array(0)

function noState(): never {
  throw new CaptureError('ERR_CAPTURE_OPTION', 'this capture keeps no state', 'open it with { state: true }')
}

export { PACKET } from './record.js'

/** In `flags`: the record only updates state (threads, fds) and is not to be shown. Source: EVF blocks of .scap, bit 0. */
export const FLAG_STATE_ONLY = 1

/**
 * One event, seen in place.
 *
 * A burst has one Event and moves it from record to record: the object that a loop hands out is the same each time.
 * It reads straight from the ring or file buffer that the burst has leased, so it is valid until the loop goes on;
 * after the burst has ended every accessor throws ERR_CAPTURE_LEASE. `retain()` gives a copy that stays.
 */
export class Event {
  /** The CPU on which the event happened. */
  cpu = 0
  /** Number of the record in its capture, from 1, those that a filter left out counted as well (sysdig's `evt.num`). */
  num = 0
  /** Index of the interface it came from, in `capture.interfaces`. */
  iface = 0
  /** Bit set of FLAG_*. */
  flags = 0

  // What follows is for cursors (the readers of rings and files), which write it for every record: plain fields,
  // because a setter call would be half the cost of a record.
  /** @internal */ _view: DataView = ENDED
  /** @internal The same memory as `_view`. */ _memory: Uint8Array = NO_BYTES
  /** @internal Offset of the record's header in `_view`. */ _at = 0
  /** @internal Bytes of that header: 26, or 22 in files and drivers before 2018. */ _header = HEADER
  /** @internal Undefined when the event owns its memory. */ _lease: Lease | undefined
  /** @internal Parameters of a 22-byte record, which does not say it itself. */ _nparams = 0
  /** @internal A packet's bytes, while `_view` holds a header made for it. */ _packet: PacketAt | undefined
  /** @internal Who has sent it, or is to get it. */ _process: PacketProcess | undefined
  /** @internal Who is to get it, where `_process` is who has sent it. */ _peer: PacketProcess | undefined
  /** @internal Bytes of text that a stage has added, and where they lie in `_memory` (of a packet: in its memory). */ _noteLength = 0
  /** @internal */ _noteAt = 0
  /** @internal Objects for `args` by event type. */ _args: Args[] | undefined

  // What the state knows of this event; set by State.update for each.
  /** @internal Undefined where no state is kept. */ _state: State | undefined
  /** @internal The thread that made it. */ _thread: ThreadInfo | undefined
  /** @internal The fd that it is about. */ _fd: FdInfo | undefined
  /** @internal The errno that it ended with; 0 for none. */ _error = 0

  /** Nanoseconds since the epoch, exact. Two numbers are cheaper where many events are compared: `tsHi`, `tsLo`. */
  get ts(): bigint {
    return this._view.getBigUint64(this._at + TS, true)
  }

  /** The upper 32 bits of `ts`. */
  get tsHi(): number {
    return this._view.getUint32(this._at + TS + 4, true)
  }

  /** The lower 32 bits of `ts`. */
  get tsLo(): number {
    return this._view.getUint32(this._at + TS, true)
  }

  /** The thread that made the call; -1 where the producer did not know it. */
  get tid(): number {
    const high = this._view.getInt32(this._at + TID + 4, true)
    const low = this._view.getUint32(this._at + TID, true)
    return high === 0 ? low : high * 0x1_0000_0000 + low
  }

  /** Bytes of the record with its header; of a packet: its length on the wire. */
  get len(): number {
    return this._view.getUint32(this._at + LEN, true)
  }

  /** The event's code in the driver's table (PPME_*), or PACKET. */
  get type(): number {
    return this._view.getUint16(this._at + TYPE, true)
  }

  /** How many parameters the record carries. It may be more or fewer than the table knows. */
  get nparams(): number {
    return this._header === HEADER ? this._view.getUint32(this._at + NPARAMS, true) : this._nparams
  }

  get dir(): Direction {
    return (this.type & 1) === 0 ? 'enter' : 'exit'
  }

  /** As sysdig's `evt.type`: "open"; for a generic event the system call's name; "packet"; "unknown". */
  get name(): EventName | (string & {}) {
    return eventName(this)
  }

  /**
   * Is this an event of that name (and direction)? Narrows the type of `args`.
   *
   * @example if (ev.is('openat', 'exit')) console.log(ev.args.name, ev.args.fd)
   */
  is<N extends EventName>(name: N): this is Event & { readonly args: ArgsByName[N] }
  is<N extends EventName, D extends Direction>(
    name: N,
    dir: D,
  ): this is Event & { readonly args: ArgsByNameAndDirection[D][N & keyof ArgsByNameAndDirection[D]] }
  is(name: string, dir?: Direction): boolean {
    return this.name === name && (dir === undefined || this.dir === dir)
  }

  /**
   * The parameters by name, each decoded when it is read. `undefined` stands for a parameter that this version of the
   * event does not carry or that the kernel could not read. The object itself is reused like the event.
   */
  get args(): Args {
    return argsOf(this)
  }

  /**
   * What is known of the thread that made the event; undefined where there is none. Like everything that comes from the state it
   * is as of this event: the object changes with the next one, and is not to be written to. Needs `state: true` or a filter when
   * the capture is opened, else it throws ERR_CAPTURE_OPTION.
   */
  get thread(): ThreadInfo | undefined {
    return this._state === undefined ? noState() : this._thread
  }

  /** What is known of the file descriptor that the event is about. */
  get fd(): FdInfo | undefined {
    return this._state === undefined ? noState() : this._fd
  }

  /** Name of the thread, at most 15 bytes (sysdig's `proc.name`). */
  get comm(): string | undefined {
    return this.thread?.comm
  }

  /** The process of the thread, in the initial pid namespace. */
  get pid(): number | undefined {
    return this.thread?.pid
  }

  /**
   * A field of the filter language: `ev.field('fd.sip')`, `ev.field('proc.aname[2]')`. Undefined where this event has no value for
   * it. Throws ERR_CAPTURE_FILTER for a name that does not exist.
   */
  field<N extends FieldName>(name: N): FieldValue<N> | undefined
  field(name: string): Value | undefined
  field(name: string): Value | undefined {
    return this._state === undefined ? noState() : this._state.field(this, name)
  }

  /** The network packet, if this record is one. */
  get packet(): Packet | undefined {
    if (this._view === ENDED) throw leaseEnded()
    return this._packet
  }

  /**
   * Of a packet in a merged capture: the process that has sent it, or that it is for, where only that is on this machine; undefined
   * where neither is known. `ev.thread`, `ev.fd` and `ev.field()` tell of the same process.
   */
  get process(): PacketProcess | undefined {
    return this._process
  }

  /** Where both ends of a packet are on this machine (loopback, containers): the process that it is for. */
  get peer(): PacketProcess | undefined {
    return this._peer
  }

  /** What a stage before this one has said of the record: see pipeline(). */
  get note(): string | undefined {
    if (this._view === ENDED) throw leaseEnded()
    if (this._noteLength === 0) return undefined
    return new Bytes(this._packet?._memory ?? this._memory, this._noteAt, this._noteLength, this._lease).toString()
  }

  /** Bytes that are in memory: the whole record, or of a packet what the snaplen left. */
  get caplen(): number {
    return this._packet === undefined ? this.len : this._packet.bytes.length
  }

  /** The record as the driver wrote it, header included; of a packet, its bytes. In place. */
  get record(): Bytes {
    if (this._packet !== undefined) return this._packet.bytes
    return new Bytes(this._memory, this._at, this.len, this._lease)
  }

  /** Parameter `index` as it is on the wire, in place; undefined when the record has no such parameter. */
  param(index: number): Bytes | undefined {
    if (index < 0 || index >= this.nparams) return undefined
    const at = this._paramAt(index)
    return new Bytes(this._memory, at, this._paramLength(index), this._lease)
  }

  /** @internal Offset of parameter `index` in `_view`; the reader has checked that all of them lie inside the record. */
  _paramAt(index: number): number {
    let at = this._at + this._header
    if (hasLargeLengths(this.type)) {
      for (let i = 0, lengths = at; i < index; i++) at += this._view.getUint32(lengths + 4 * i, true)
      return at + 4 * this.nparams
    }
    for (let i = 0, lengths = at; i < index; i++) at += this._view.getUint16(lengths + 2 * i, true)
    return at + 2 * this.nparams
  }

  /** @internal */
  _paramLength(index: number): number {
    const lengths = this._at + this._header
    return hasLargeLengths(this.type)
      ? this._view.getUint32(lengths + 4 * index, true)
      : this._view.getUint16(lengths + 2 * index, true)
  }

  /** A copy with memory of its own: valid as long as it is referenced. */
  retain(): Event {
    const copy = new Event()
    const packet = this.packet
    const memory = packet === undefined ? this.record.copy() : new Uint8Array(this._memory.subarray(this._at, this._at + HEADER))
    copy._memory = memory
    copy._view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength)
    copy._header = this._header
    copy._nparams = this._nparams
    if (packet !== undefined) {
      const bytes = packet.bytes.copy()
      copy._packet = new PacketAt()
      copy._packet._move(packet.linktype, bytes, 0, bytes.length, undefined)
    }
    const { note } = this
    if (note !== undefined) copy._keepNote(note)
    copy.cpu = this.cpu
    copy.num = this.num
    copy.iface = this.iface
    copy.flags = this.flags
    copy._process = this._process
    copy._peer = this._peer
    copy._state = this._state
    copy._thread = this._thread
    copy._fd = this._fd
    copy._error = this._error
    return copy
  }

  /** @internal Puts the note behind the record, in memory of its own. */
  _keepNote(note: string): void {
    const record = this._packet?._memory ?? this._memory
    const memory = Buffer.concat([record, Buffer.from(note)])
    this._noteAt = record.length
    this._noteLength = memory.length - record.length
    if (this._packet !== undefined) return this._packet._move(this._packet.linktype, memory, 0, record.length, undefined)
    this._memory = memory
    this._view = new DataView(memory.buffer, memory.byteOffset, memory.length)
  }

  /** @internal The burst is over. */
  _end(): void {
    this._view = ENDED
    this._memory = NO_BYTES
    this._packet = undefined
    this._process = undefined
    this._peer = undefined
  }
}
