import { Bytes } from './bytes.js'
import { type Lease, leaseEnded } from './lease.js'

/** A packet from a NIC or a packet capture. */
export interface Packet {
  /** LINKTYPE_* as registered at tcpdump.org, 1 = Ethernet. */
  readonly linktype: number
  /** What was captured of it; valid until the burst ends. */
  readonly bytes: Bytes
}

/**
 * A process that a packet belongs to: the owner of the socket that sent it, or that it is for. Of merged captures; see merge(). Valid
 * on its own, and as of this packet.
 */
export interface PacketProcess {
  readonly pid: number
  /** The thread that used the socket last. */
  readonly tid: number
  readonly comm: string
  /** Name of its container, or the first twelve digits of its id; undefined on the host. */
  readonly container: string | undefined
  /** Number of the socket in the process; -1 if it is not known. */
  readonly fd: number
  /** Did the process send the packet ('out'), or is it for the process ('in')? */
  readonly direction: 'out' | 'in'
}

const NOTHING = new Uint8Array(0)

/**
 * The packet that a cursor stands at. A cursor has one, moved like the Event that hands it out: where its bytes lie are plain
 * fields, for stages that read them without a Bytes for each packet.
 */
export class PacketAt implements Packet {
  linktype = 0
  /** @internal */ _memory: Uint8Array = NOTHING
  /** @internal */ _start = 0
  /** @internal Bytes that were captured. */ _length = 0
  /** @internal Undefined for memory of its own. */ _lease: Lease | undefined
  #generation = 0

  get bytes(): Bytes {
    const lease = this._lease
    if (lease !== undefined && lease.generation !== this.#generation) throw leaseEnded()
    return new Bytes(this._memory, this._start, this._length, lease)
  }

  /** @internal Stands at these bytes now, until the lease ends. */
  _move(linktype: number, memory: Uint8Array, start: number, length: number, lease: Lease | undefined): void {
    this.linktype = linktype
    this._memory = memory
    this._start = start
    this._length = length
    this._lease = lease
    this.#generation = lease?.generation ?? 0
  }
}
