import type { Event } from '../../lib/event/event.js'
import { PacketAt } from '../../lib/event/packet.js'
import { HEADER, LEN, PACKET, TS, TYPE } from '../../lib/event/record.js'
import { Burst, type Cursor } from '../../lib/iface/burst.js'
import { Capture, type Interface, type Stats } from '../../lib/iface/capture.js'
import type { MetadataBlock } from '../../lib/iface/metadata.js'

/** A record for a synthetic capture: its bytes, and what travels beside them. */
export interface SyntheticRecord {
  bytes: Uint8Array
  cpu?: number
  flags?: number
  iface?: number
  /** 22 for a record from before 2018; then it says its number of parameters here. */
  header?: number
  nparams?: number
}

/** A packet for a synthetic capture; it stands among the records. */
export interface SyntheticPacket {
  ts: bigint
  packet: Uint8Array
  linktype?: number
  /** Length on the wire, where that is more than the bytes. */
  length?: number
  cpu?: number
  iface?: number
}

export interface SyntheticSection {
  metadata?: readonly MetadataBlock[]
  bursts: readonly (readonly (SyntheticRecord | SyntheticPacket)[])[]
}

export interface SyntheticOptions {
  interfaces?: readonly Interface[]
  stats?: Partial<Stats>
  /** The memory of a burst is overwritten when it ends, so that whoever kept a view writes rubbish. */
  poison?: boolean
}

/** A capture over an array: each inner array is a burst. */
export class SyntheticCapture extends Capture {
  readonly device = 'synthetic'
  readonly interfaces: readonly Interface[]
  closed = false
  protected readonly burst: Burst
  readonly #cursor = new ArrayCursor()
  readonly #sections: readonly SyntheticSection[]
  readonly #options: SyntheticOptions
  #section = 0
  #next = 0
  #delivered = 0

  constructor(sections: readonly SyntheticSection[], options: SyntheticOptions = {}) {
    super({})
    this.#sections = sections
    this.#options = options
    this.interfaces = options.interfaces ?? [{ name: 'sysdig', linktype: 147, snaplen: 0 }]
    this.burst = new Burst(this.#cursor)
  }

  override get metadata(): readonly MetadataBlock[] {
    return this.#sections[this.#section]?.metadata ?? []
  }

  override get section(): number {
    return this.#section
  }

  protected fill(): boolean {
    while (this.#next === this.#sections[this.#section].bursts.length) {
      if (this.#section + 1 === this.#sections.length) return false
      this.#section++
      this.#next = 0
    }
    const records = this.#sections[this.#section].bursts[this.#next++]
    this.#delivered += records.length
    this.#cursor.load(records)
    return true
  }

  protected releaseBurst(): void {
    if (this.#options.poison === true) this.#cursor.memory.fill(0xdd)
  }

  protected dispose(): void {
    this.closed = true
  }

  stats(): Stats {
    const count = this.#delivered
    return { seen: count, delivered: count, dropped: { total: 0 }, filtered: 0, pending: 0, late: 0, perCpu: [], ...this.#options.stats }
  }
}

export function synthetic(
  records: readonly (SyntheticRecord | SyntheticPacket)[],
  options: SyntheticOptions & { metadata?: readonly MetadataBlock[]; burst?: number } = {},
): SyntheticCapture {
  const { metadata = [], burst = 256 } = options
  const bursts = []
  for (let i = 0; i < records.length; i += burst) bursts.push(records.slice(i, i + burst))
  return new SyntheticCapture([{ metadata, bursts }], options)
}

/** Lays the records of a burst out in one piece of memory, as a ring does: 8 bytes apart at least, unaligned. */
export class ArrayCursor implements Cursor {
  memory = Buffer.alloc(0)
  #view = new DataView(new ArrayBuffer(0))
  #records: readonly (SyntheticRecord | SyntheticPacket)[] = []
  #starts: number[] = []
  readonly #packet = new PacketAt()
  #next = 0

  load(records: readonly (SyntheticRecord | SyntheticPacket)[]): void {
    const parts: Uint8Array[] = []
    let at = 0
    this.#starts = records.map((item) => {
      const bytes = 'bytes' in item ? item.bytes : Buffer.concat([packetHeader(item), item.packet])
      const gap = Buffer.alloc(1 + (parts.length % 11))
      parts.push(gap, bytes)
      const start = at + gap.length
      at = start + bytes.length
      return start
    })
    this.memory = Buffer.concat(parts)
    this.#view = new DataView(this.memory.buffer, this.memory.byteOffset, this.memory.byteLength)
    this.#records = records
    this.#next = 0
  }

  next(event: Event): boolean {
    if (this.#next === this.#records.length) return false
    const item = this.#records[this.#next]
    event._memory = this.memory
    event._view = this.#view
    event._at = this.#starts[this.#next++]
    event.cpu = item.cpu ?? 0
    event.iface = item.iface ?? 0
    if ('bytes' in item) {
      event.flags = item.flags ?? 0
      event._header = item.header ?? HEADER
      event._nparams = item.nparams ?? 0
      event._packet = undefined
    } else {
      event.flags = 0
      event._header = HEADER
      event._packet = this.#packet
      this.#packet._move(item.linktype ?? 1, this.memory, event._at + HEADER, item.packet.length, event._lease)
    }
    return true
  }
}

function packetHeader({ ts, packet, length }: SyntheticPacket): Buffer {
  const header = Buffer.alloc(HEADER)
  header.writeBigUInt64LE(ts, TS)
  header.writeUInt32LE(length ?? packet.length, LEN)
  header.writeUInt16LE(PACKET, TYPE)
  return header
}
