import { CaptureError } from '../errors.js'
import type { Event } from '../event/event.js'
import type { Lost } from '../iface/burst.js'
import { guarded, native, type SenderHandle } from '../native.js'
import { Chunk } from './chunk.js'
import { frameHeader, LINKTYPE_ETHERNET } from './framing.js'
import { frame } from './pcapng.js'

export interface SendOptions {
  /** Straight to the driver, past the queueing discipline: faster, and unseen by traffic control. Default: false. */
  bypassQdisc?: boolean
  /** How long to wait for room in the device's queue before a frame counts as not sent, in ms. Default: 1000. */
  patienceMs?: number
}

/** What became of the events that were given to a sender: sent + notSent.total of them. */
export interface Sent {
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

/**
 * Sends events out of a network interface, as Ethernet frames: a packet as it is (as far as it was captured), a system call in a frame
 * of EtherType 0x88B5 (see framing.ts). Another machine opens the other end with { decap: true }. A system call with much data is
 * longer than 1500 bytes; interfaces for that have an MTU to match: `ip link set NIC mtu 65535`.
 *
 * @example
 * using sender = openSender('veth0')
 * for await (const burst of await open('sysdig')) await sender.send(burst)
 * console.log(sender.stats())
 */
export class NicSender implements Disposable {
  readonly device: string
  readonly #handle: SenderHandle
  readonly #patienceMs: number
  readonly #chunk = new Chunk()
  readonly #lengths = new Uint32Array(BATCH)
  readonly #counters = new Float64Array(2 + CAUSES.length)
  #count = 0
  /** Frames that the addon was not asked for. */
  #tooLong = 0
  #linkType = 0
  #final: Sent | undefined

  /** @internal */
  constructor(device: string, handle: SenderHandle, patienceMs: number) {
    this.device = device
    this.#handle = handle
    this.#patienceMs = patienceMs
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
    const length = packet === undefined ? frameHeader('ethernet') + event.len : packet.bytes.length
    if (this.#count === BATCH || !out.fits(length)) return false
    if (packet === undefined) {
      frame(event, out, out.at, 'ethernet', length)
    } else {
      packet.bytes.copyTo(out.memory, out.at)
      out.at += length
    }
    this.#lengths[this.#count++] = length
    return true
  }

  async #flush(): Promise<void> {
    const { memory, at: end } = this.#chunk
    const count = this.#count
    let done = 0
    let at = 0
    let waited = 0
    while (done < count) {
      const settled = guarded(() => this.#handle.send(memory.subarray(at, end), this.#lengths.subarray(done, count)))
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

  /** Leaves the interface. May be called twice. */
  close(): void {
    this.#final ??= this.stats()
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
export function openSender(nic: string, { bypassQdisc = false, patienceMs = 1000 }: SendOptions = {}): NicSender {
  if (!(patienceMs >= 0)) throw new CaptureError('ERR_CAPTURE_OPTION', `patienceMs must be a number of at least 0, not ${String(patienceMs)}`, 'leave it out for a second')
  return new NicSender(nic, guarded(() => native().openSender(nic, bypassQdisc)), patienceMs)
}
