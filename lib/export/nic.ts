import { randomBytes } from 'node:crypto'
import { CaptureError } from '../errors.js'
import type { Event } from '../event/event.js'
import type { Lost } from '../iface/burst.js'
import { guarded, native, type SenderHandle } from '../native.js'
import { Chunk } from './chunk.js'
import { FRAME_SUMMARY, frameHeader, LINKTYPE_ETHERNET, SEQUENCE_TRAILER, wrap, writeNumber, writeSummary } from './framing.js'
import { frame } from './pcapng.js'

export interface SendOptions {
  /** Straight to the driver, past the queueing discipline: faster, and unseen by traffic control. Default: false. */
  bypassQdisc?: boolean
  /** How long to wait for room in the device's queue before a frame counts as not sent, in ms. Default: 1000. */
  patienceMs?: number
  /**
   * Where the frames of system calls are addressed to: the MAC address of the collector's interface, 02:00:5e:10:00:01. Default: a
   * group address (03:73:79:73:…), which switches pass on to all of their ports. The collector's card takes frames for its own
   * address; for others it has to be promiscuous.
   */
  destination?: string
}

/** What became of the events that were given to a sender: sent + notSent.total of them. */
export interface Sent {
  /** Events. The summaries that tell the other end of their number are in no count. */
  sent: number
  /** Bytes of the frames that were sent. */
  bytes: number
  /**
   * By cause: `too_long` for the interface's MTU, `too_short` for an Ethernet header, `no_buffer` the device's queue stayed full,
   * `down` the interface was down or away, `link_type` a packet that is no Ethernet frame, `other`.
   */
  notSent: Lost
}

/** Frames in a batch at most: one call into the addon, and some into the kernel. */
const BATCH = 1024
/** What SenderHandle.counters() writes after sent and bytes. */
const CAUSES = ['too_long', 'too_short', 'no_buffer', 'down', 'other'] as const
/** How often it says how far its numbers have come, in ms; and how many times at the beginning and the end, for one may get lost. */
const SUMMARY_MS = 1000
const SUMMARY_COPIES = 3
/** The shortest Ethernet frame, without its check sequence. */
const SHORTEST = 60
/** In a MAC address's first byte: for a group of stations. */
const GROUP = 0x01

/**
 * Sends events out of a network interface, as Ethernet frames: a packet as it is (as far as it was captured), a system call in a frame
 * of EtherType 0x88B5 (see framing.ts). Another machine opens the other end with { decap: true }. A system call with much data is
 * longer than 1500 bytes; interfaces for that have an MTU to match: `ip link set NIC mtu 65535`.
 *
 * The frames of system calls are numbered, so that the other end can tell what the network lost: `dropped.network` of its capture.
 * A frame that could not be sent uses no number up, and is `dropped.sender` there. Packets have no numbers.
 *
 * @example
 * using sender = openSender('veth0')
 * for await (const burst of await open('sysdig')) await sender.send(burst)
 * console.log(sender.stats())
 */
export class NicSender implements Disposable {
  readonly device: string
  /** What its numbers are told by from those of other senders: drawn when it is opened, 32 bits. */
  readonly stream = randomBytes(4).readUInt32LE()
  readonly #handle: SenderHandle
  readonly #patienceMs: number
  readonly #chunk = new Chunk()
  readonly #lengths = new Uint32Array(BATCH)
  readonly #numbered = new Uint8Array(BATCH)
  readonly #counters = new Float64Array(2 + CAUSES.length)
  readonly #destination: Uint8Array | undefined
  readonly #summary = Buffer.alloc(SHORTEST)
  /** Summaries are sent, for there are numbers. */
  #timer: NodeJS.Timeout | undefined
  #count = 0
  /** Frames that the addon was not asked for. */
  #tooLong = 0
  #linkType = 0
  #final: Sent | undefined

  /** @internal */
  constructor(device: string, handle: SenderHandle, patienceMs: number, destination: Uint8Array | undefined) {
    this.device = device
    this.#handle = handle
    this.#patienceMs = patienceMs
    this.#destination = destination
  }

  /** Sends all events of a burst; resolves when each is sent or counted as not sent. */
  async send(burst: Iterable<Event>): Promise<void> {
    for (const event of burst) {
      if (!this.#add(event)) {
        await this.#flush()
        if (!this.#add(event)) this.#tooLong++ // longer than all batches
      }
    }
    await this.#flush()
  }

  /** Puts the event's frame behind the others; false when there is no room. */
  #add(event: Event): boolean {
    const out = this.#chunk
    const packet = event._packet
    if (packet !== undefined && packet.linktype !== LINKTYPE_ETHERNET) {
      this.#linkType++
      return true
    }
    const header = frameHeader('ethernet')
    const length = packet === undefined ? header + event.len + SEQUENCE_TRAILER : packet.bytes.length
    if (this.#count === BATCH || !out.fits(length)) return false
    this.#numbered[this.#count] = packet === undefined ? 1 : 0
    if (packet === undefined) {
      if (this.#timer === undefined) this.#begin()
      const at = out.at
      frame(event, out, at, 'ethernet', length - SEQUENCE_TRAILER)
      this.#address(out.memory, at)
      writeNumber(out.view, at + header, out.at, this.stream, 0) // the sequence is written when it is sent
      out.at += SEQUENCE_TRAILER
    } else {
      packet.bytes.copyTo(out.memory, out.at)
      out.at += length
    }
    this.#lengths[this.#count++] = length
    return true
  }

  /** Leaves the source address, which tells enter events from exit events. */
  #address(frame: Uint8Array, at: number): void {
    // A switch has seen both addresses of the framing at our port, and would pass nothing between them on.
    if (this.#destination === undefined) frame[at] |= GROUP
    else frame.set(this.#destination, at)
  }

  #begin(): void {
    this.#timer = setInterval(() => this.#summarize(), SUMMARY_MS)
    this.#timer.unref()
    this.#summarize(SUMMARY_COPIES)
  }

  /** Says how many numbers are used up: what is lost behind the last frame that arrives cannot be told otherwise. */
  #summarize(copies = 1): void {
    const bytes = this.#summary
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const record = wrap(view, 0, 'ethernet', 0, FRAME_SUMMARY, 0)
    this.#address(bytes, 0)
    writeSummary(view, record, this.stream, this.#handle.sequence(), this.stats().notSent.total % 0x1_0000_0000)
    while (copies-- > 0) this.#handle.notify(bytes)
  }

  async #flush(): Promise<void> {
    const { memory, at: end } = this.#chunk
    const count = this.#count
    let done = 0
    let at = 0
    let waited = 0
    while (done < count) {
      const settled = guarded(() => this.#handle.send(memory.subarray(at, end), this.#lengths.subarray(done, count), this.#numbered.subarray(done, count)))
      for (const last = done + settled; done < last; done++) at += this.#lengths[done]
      if (settled > 0) waited = 0
      if (done === count) break
      if (waited >= this.#patienceMs) {
        this.#handle.giveUp(count - done)
        break
      }
      const before = performance.now()
      await new Promise(resolve => setTimeout(resolve, 1))
      waited += performance.now() - before
    }
    this.#count = 0
    this.#chunk.at = 0
  }

  stats(): Sent {
    if (this.#final !== undefined) return this.#final
    this.#handle.counters(this.#counters)
    const [sent, bytes, ...failed] = this.#counters
    const notSent: Lost = { total: 0, ...Object.fromEntries(CAUSES.map((cause, i) => [cause, failed[i]])), link_type: this.#linkType }
    notSent.too_long += this.#tooLong
    for (const cause of [...CAUSES, 'link_type']) notSent.total += notSent[cause]
    return { sent, bytes, notSent }
  }

  /** Says how many frames there were, and leaves the interface. May be called twice. */
  close(): void {
    if (this.#final !== undefined) return
    if (this.#timer !== undefined) this.#summarize(SUMMARY_COPIES)
    clearInterval(this.#timer)
    this.#final = this.stats()
    this.#handle.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/**
 * Opens a network interface to send frames out of it.
 *
 * @throws CaptureError ERR_CAPTURE_NO_DEVICE, ERR_CAPTURE_PERM, ERR_CAPTURE_OPTION
 */
export function openSender(nic: string, { bypassQdisc = false, patienceMs = 1000, destination }: SendOptions = {}): NicSender {
  const address = destination === undefined ? undefined : macAddress(destination)
  if (!(patienceMs >= 0)) throw new CaptureError('ERR_CAPTURE_OPTION', `patienceMs must be a number of at least 0, not ${String(patienceMs)}`, 'leave it out for a second')
  return new NicSender(nic, guarded(() => native().openSender(nic, bypassQdisc)), patienceMs, address)
}

function macAddress(text: string): Uint8Array {
  if (!/^[\da-f]{2}([:-][\da-f]{2}){5}$/i.test(text)) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `destination must be a MAC address, not ${text}`, 'the address of the collector\'s interface: ip link show NIC')
  }
  return Buffer.from(text.replace(/[:-]/g, ''), 'hex')
}
