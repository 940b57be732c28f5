import { CaptureError } from '../../errors.js'
import { guarded, native, type NicHandle } from '../../native.js'
import type { Follower } from '../../state/follower.js'
import { netnsOf } from '../../state/netns.js'
import { Proc } from '../../state/proc.js'
import type { State } from '../../state/state.js'
import { Burst, type Lost, lostSince } from '../burst.js'
import { Capture, type Interface, type LentSource, type Stats } from '../capture.js'
import { follow } from '../follow.js'
import type { Following } from '../following.js'
import { Sequences } from '../sequences.js'
import { type CheckedNicOptions, checkNicOptions, type NicOptions } from './options.js'
import { PacketRing } from './ring.js'

/** How long a loop that cannot keep up may keep timers and signals waiting, in ms. */
const TURN_MS = 10
/** How often the interface is asked whether it is still there while packets come without a pause, in ms. */
const TICK_MS = 1000
/** How long the kernel may take to hand over its last block after the retire time, in ms; on a busy machine timers are late. */
const LAST_BLOCK_MS = 1000

/**
 * A network interface as a capture. A burst is a block of the kernel's ring, in place; the kernel gets it back when the loop takes
 * its next turn.
 */
export class NicCapture extends Capture {
  readonly device: string
  readonly interfaces: readonly Interface[]
  protected readonly burst: Burst
  readonly #handle: NicHandle
  /** Of the frames that are shown as what they carry; undefined: none are. */
  readonly #sequences: Sequences | undefined
  readonly #ring: PacketRing
  readonly #follower: Follower | undefined
  /** How long to sleep when no block is ready, in ms. */
  readonly #pauseMs: number
  readonly #retireMs: number
  /** Packets, dropped ones, freezes. */
  readonly #counters = new Float64Array(3)
  /** When the event loop last had its turn. */
  #turned = 0
  #nextTick = 0
  /** Packets that were there then have been found, in ms since the epoch. */
  #lookedAt = Date.now()
  #stopped = false
  #lent = false
  /** After the end: when to stop waiting for the last block. */
  #patience = 0
  #error = 0
  readonly #lostBefore: Lost = { total: 0 }
  #finalStats: Stats | undefined

  /** @internal Takes `handle` over. */
  constructor(device: string, handle: NicHandle, options: NicOptions, { bpf, decap, fanout, maxWaitMs, snaplen }: CheckedNicOptions, following?: Following) {
    super(options)
    this.device = device
    this.#handle = handle
    this.#sequences = decap ? new Sequences(bpf === undefined && fanout === undefined) : undefined
    this.#ring = new PacketRing(handle, this.#sequences)
    this.#retireMs = retireMs(maxWaitMs)
    this.#pauseMs = Math.max(1, maxWaitMs - this.#retireMs - 1)
    this.interfaces = [{ name: device, linktype: handle.linktype(), snaplen, netns: netnsOf(new Proc(), 'thread-self') }]
    this.#follower = following?.begin(this.#ring)
    this.burst = new Burst(this.#follower ?? this.#ring)
  }

  override get state(): State | undefined { return this.#follower?.state }

  override get _lendable(): boolean {
    return this.#follower === undefined && this.#sequences === undefined && this._limits.maxEvents === Infinity
  }

  override _lend(iface: number): LentSource {
    this.#lent = true
    return { source: { kind: 'nic', handle: this.#handle, iface }, stop: () => { this.finish() } }
  }

  protected fill(): boolean | undefined | Promise<boolean | undefined> {
    const now = performance.now()
    if (this.#turned === 0) this.#turned = now
    if (now - this.#turned > TURN_MS) return this.#turn()
    if (now >= this.#nextTick) this.#tick(now)
    const looked = Date.now() - this.#retireMs
    if (guarded(() => this.#ring.refill())) {
      this.burst.lost = this.#lostSince()
      return true
    }
    this.#lookedAt = looked
    this.#tick(now)
    if (!this.#stopped) return this.#pause(this.#pauseMs)
    // What the kernel has taken into a block that is not handed over yet.
    if (this.#pending() > 0 && now < this.#patience) return this.#pause(1)
    if (this.#error !== 0) throw this.#gone()
    return false
  }

  /** Is the interface still there? What it has given until now comes first, then the error. */
  #tick(now: number): void {
    this.#nextTick = now + TICK_MS
    if (this.#error === 0) this.#error = this.#handle.error()
    if (this.#error !== 0) this.finish()
  }

  async #turn(): Promise<undefined> {
    await new Promise(resolve => setImmediate(resolve))
    this.#turned = performance.now()
  }

  async #pause(ms: number): Promise<undefined> {
    await new Promise(resolve => setTimeout(resolve, ms))
    this.#turned = performance.now()
  }

  #gone(): CaptureError {
    return new CaptureError('ERR_CAPTURE_NO_DEVICE', `${this.device} went down`, `everything before was delivered; look with: ip link show ${this.interfaces[0].name}`)
  }

  /** A packet may lie in its block for as long before the kernel hands that over. */
  override get _lookedAt(): number {
    return this.#lookedAt
  }

  protected releaseBurst(): void {
    if (this.#finalStats === undefined && !this.#lent) this.#ring.release()
  }

  protected override finish(): boolean {
    if (!this.#stopped) {
      this.#stopped = true
      this.#patience = performance.now() + this.#retireMs + LAST_BLOCK_MS
      this.#handle.stop()
    }
    return true
  }

  protected dispose(): void {
    try {
      this.finish()
      this.#finalStats = this.#readStats()
    } finally {
      this.#handle.close()
    }
  }

  #pending(): number {
    this.#handle.counters(this.#counters)
    return this.#counters[0] - this.#counters[1] - this.#ring.read
  }

  #lostSince(): Lost {
    this.#handle.counters(this.#counters)
    return lostSince(this.#lostBefore, this.#lost())
  }

  /** As of the last look at the counters. */
  #lost(): Lost {
    const [, buffer] = this.#counters
    const dropped = { total: buffer, buffer }
    return this.#sequences?.lost(dropped) ?? dropped
  }

  stats(): Stats {
    return this.#finalStats ?? this.#readStats()
  }

  #readStats(): Stats {
    const unread = this.#pending()
    const [packets, buffer] = this.#counters
    const dropped = this.#lost()
    const filtered = this.#follower?.filtered ?? 0
    // Of a lent ring only the balancer may look at the packets: what it has not read yet counts as delivered to it.
    const pending = this.#lent ? 0 : unread
    const sequences = this.#sequences
    const passedOver = sequences === undefined ? 0 : sequences.summaries + sequences.duplicates
    const delivered = packets - buffer - passedOver - pending - filtered
    return {
      seen: delivered + dropped.total + filtered + pending,
      delivered,
      dropped,
      filtered,
      pending,
      late: this.#ring.late + (sequences?.reordered ?? 0),
      perCpu: [],
      ...sequences && { streams: sequences.streams() },
    }
  }
}

/** Half of the time is the kernel's, to hand a block over; the other half is ours, to look for it. */
function retireMs(maxWaitMs: number): number {
  return maxWaitMs >> 1
}

/** Opens the interface of that name for capture; packets come from now on. */
export async function openNic(name: string, options: NicOptions): Promise<NicCapture> {
  const checked = checkNicOptions(name, options)
  const following = await follow(options)
  const { bpf, fanout, maxWaitMs, promiscuous, ringBytes, snaplen } = checked
  options.signal?.throwIfAborted()
  const handle = guarded(() => native().openNic({ interface: name, ringBytes, retireMs: retireMs(maxWaitMs), snaplen, promiscuous, fanout, bpf }))
  try {
    const capture = new NicCapture(name, handle, options, checked, following)
    guarded(() => handle.start())
    return capture
  } catch (error) {
    handle.close()
    throw error
  }
}
