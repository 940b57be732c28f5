import { isMainThread } from 'node:worker_threads'
import { CaptureError } from '../errors.js'
import { Burst } from '../iface/burst.js'
import { Capture, type CaptureOptions, type Interface, type LentSource, type Stats } from '../iface/capture.js'
import type { Following } from '../iface/following.js'
import type { MetadataBlock } from '../iface/metadata.js'
import type { QueueHandle } from '../native.js'
import type { Follower } from '../state/follower.js'
import type { Initial } from '../state/initial.js'
import type { Lookup, State } from '../state/state.js'
import { COUNTERS, DROPPED } from './counters.js'
import type { Description } from './description.js'
import { Entries } from './entries.js'

/** Options of a queue's consumer. */
export interface QueueOptions extends CaptureOptions {
  /** A record that is in the queue is delivered at most so many ms later, if the loop is free: 1 … 1000, default 10. */
  maxWaitMs?: number
  /**
   * Bytes that have to wait before the loop is given any, within maxWaitMs: larger bursts cost less. Default 1: what there is; more than
   * a quarter of the queue stands for a quarter.
   */
  watermark?: number
  /**
   * Where there is nothing, sleep in the kernel until the producer wakes this thread: within microseconds, but nothing else
   * happens on the thread meanwhile. Default: in worker threads. Otherwise the queue is looked at every few ms.
   */
  block?: boolean
  /** Ask the balancer for `metadata`, for files that are to tell of processes by name. Default: where a filter or `state` needs it. */
  metadata?: boolean
}

/** @internal */
export interface QueueParts {
  metadata: readonly MetadataBlock[]
  /** Asks the balancer what it knows of the machine now. */
  machine(): Promise<readonly MetadataBlock[]>
  following?: Following
  initial?: { lists: Initial; lookup?: Lookup }
}

/** How long a loop that finds enough to do may keep timers and messages waiting, in ms. */
const TURN_MS = 10
/** How often it is asked whether the producer is still there, in ms. */
const ASK_MS = 100

/** One queue of a cluster as a capture. Whoever attaches next goes on where this one ends. */
export class QueueCapture extends Capture {
  readonly device: string
  readonly interfaces: readonly Interface[]
  /** What is balanced, and into which queues. */
  readonly cluster: Description
  protected readonly burst: Burst
  readonly #handle: QueueHandle
  readonly #entries: Entries
  readonly #follower: Follower | undefined
  readonly #hidesState: boolean
  readonly #maxWaitMs: number
  readonly #watermark: number
  readonly #blocks: boolean
  readonly #counters = new Float64Array(COUNTERS)
  readonly #droppedBefore: number
  readonly #metadata: readonly MetadataBlock[]
  #lostBefore: number
  #pauseMs = 1
  #turned = performance.now()
  #asked = 0
  #lookedAt = Date.now()
  /** Until when less than the watermark is held back, by performance.now(); undefined while the loop has a burst. */
  #due: number | undefined
  /** Where this consumer is to end: what comes behind it is for the next. */
  #end: number | undefined
  #lent = false
  readonly #machine: QueueParts['machine']
  #finalStats: Stats | undefined

  /** @internal Takes `handle` over. */
  constructor(device: string, handle: QueueHandle, cluster: Description, options: QueueOptions, { metadata, machine, following, initial }: QueueParts) {
    super(options)
    this.device = device
    this.cluster = cluster
    this.interfaces = cluster.interfaces
    this.#handle = handle
    this.#metadata = metadata
    this.#machine = machine
    this.#maxWaitMs = options.maxWaitMs ?? 10
    this.#blocks = options.block ?? !isMainThread
    this.#hidesState = options.stateEvents !== true
    this.#entries = new Entries(handle, cluster.interfaces, following !== undefined || !this.#hidesState)
    this.#watermark = Math.min(options.watermark ?? 1, this.#entries.size / 4)
    this.#follower = following?.begin(this.#entries)
    if (initial !== undefined) following!.restart(this.#follower!, initial.lists, initial.lookup)
    this.burst = new Burst(this.#follower ?? this.#entries)
    this.#droppedBefore = this.#lostBefore = this.#dropped()
  }

  override get state(): State | undefined {
    return this.#follower?.state
  }

  override get metadata(): readonly MetadataBlock[] {
    return this.#metadata
  }

  override get _lookedAt(): number {
    return this.#lookedAt
  }

  /** What a producer waits for is read to its end, whatever that takes. */
  override get canWait(): boolean {
    return this.cluster.waits
  }

  /** Its balancer knows; if that has ended meanwhile, what it said before. */
  override _machine(): Promise<readonly MetadataBlock[]> {
    return this.#machine().catch(() => this.#metadata)
  }

  override get _lendable(): boolean {
    return this.#follower === undefined && this._limits.maxEvents === Infinity
  }

  override _lend(iface: number): LentSource {
    this.#lent = true
    return { source: { kind: 'queue', handle: this.#handle, iface }, stop: () => {} }
  }

  protected fill(deadline: number): boolean | undefined | Promise<boolean | undefined> {
    const now = performance.now()
    // Asked before the head is looked at: what was placed before the end is seen.
    const state = now - this.#asked > ASK_MS ? this.#ask(now) : 'running'
    if (state !== 'running' || this.#end !== undefined) this.#due = now
    else this.#due ??= now + this.#maxWaitMs
    if (this.#look(now)) return now - this.#turned > TURN_MS ? this.#turn() : this.#opened()
    if (state === 'ended' || this.#end !== undefined) return false
    if (state === 'gone') throw new CaptureError('ERR_CAPTURE_PRODUCER', `the balancer of ${this.device} is gone`, 'everything before was delivered; start it again, and then this')
    if (state !== 'running') throw new CaptureError('ERR_CAPTURE_PRODUCER', `the balancer of ${this.device} has ended: ${state.replace('failed: ', '')}`, 'everything before was delivered; balance again')
    if (now >= this.#due) this.#due = now + this.#maxWaitMs
    const patience = Math.max(1, Math.ceil(Math.min(this.#due, deadline) - now))
    if (!this.#blocks) return this.#pause(Math.min(this.#pauseMs, patience))
    const waiting = this.#entries.refill(this.#handle.wait(this.#watermark, patience))
    const woken = performance.now()
    const enough = this.#suffices(waiting, woken)
    // The state may have changed while we slept.
    if (!enough) this.#asked = 0
    return enough && woken - this.#turned < TURN_MS ? this.#opened() : this.#turn()
  }

  /** Is there something for the loop? */
  #look(now: number): boolean {
    const lookedAt = Date.now()
    const waiting = this.#entries.refill(this.#end ?? this.#handle.poll())
    const enough = this.#suffices(waiting, now)
    // What is held back was there, and is still to come.
    if (enough || waiting === 0) this.#lookedAt = lookedAt
    return enough
  }

  #suffices(waiting: number, now: number): boolean {
    return waiting >= (now < this.#due! ? this.#watermark : 1)
  }

  #ask(now: number): string {
    this.#asked = now
    return this.#handle.state()
  }

  #opened(): true {
    this.#pauseMs = 1
    this.#due = undefined
    const dropped = this.#dropped()
    const total = dropped - this.#lostBefore
    this.#lostBefore = dropped
    this.burst.lost = total === 0 ? NOTHING : { total, queue: total }
    return true
  }

  /** Timers and messages have their turn; then what there is. */
  async #turn(): Promise<true | undefined> {
    await new Promise(resolve => setImmediate(resolve))
    this.#turned = performance.now()
    return this.#look(this.#turned) ? this.#opened() : undefined
  }

  async #pause(ms: number): Promise<undefined> {
    this.#pauseMs = Math.min(this.#maxWaitMs, this.#pauseMs * 2)
    await new Promise(resolve => setTimeout(resolve, ms))
    this.#turned = performance.now()
  }

  #dropped(): number {
    this.#handle.counters(this.#counters)
    return this.#counters[DROPPED]
  }

  protected releaseBurst(): void {
    if (this.#finalStats === undefined && !this.#lent) this.#entries.release()
  }

  protected override finish(): boolean {
    this.#end ??= this.#handle.poll()
    return true
  }

  protected dispose(): void {
    try {
      this.#finalStats = this.#readStats(true)
    } finally {
      this.#handle.close()
    }
  }

  stats(): Stats {
    return this.#finalStats ?? this.#readStats()
  }

  #readStats(ended = false): Stats {
    const total = this.#dropped() - this.#droppedBefore
    if (this.#lent) {
      // Until the thread has ended, only it may look at what waits.
      const [delivered, pending] = [this.#handle.taken(), ended ? this.#handle.pending() : 0]
      return { seen: delivered + total + pending, delivered, dropped: { total, queue: total }, filtered: 0, pending, late: 0, perCpu: [] }
    }
    // A follower meets copies for the state as well, and leaves them out where they are hidden.
    const { stateOnly } = this.#entries
    const hidden = this.#follower === undefined ? 0 : this.#follower.filtered - (this.#hidesState ? stateOnly : 0)
    const shown = this.burst._count + hidden - (this.#hidesState ? 0 : stateOnly)
    const pending = this.#handle.pending()
    return {
      seen: shown + total + pending, delivered: shown - hidden, dropped: { total, queue: total }, filtered: hidden, pending, late: 0, perCpu: [],
    }
  }
}

const NOTHING = Object.freeze({ total: 0 })
