import { LINKTYPE_USER0 } from '../export/framing.js'
import { CaptureError } from '../errors.js'
import { guarded, type ProbeHandle } from '../native.js'
import type { CheckedLiveOptions, LiveOptions } from '../probe/options.js'
import type { HitCount, Probe, ProbeInfo } from '../probe/probe.js'
import { Rings } from '../ring/rings.js'
import { Sieve } from '../ring/sieve.js'
import { Burst, type Lost } from './burst.js'
import { Capture, type CpuStats, type Interface, type LentSource, type Stats } from './capture.js'
import type { Follower } from '../state/follower.js'
import type { Initial } from '../state/initial.js'
import type { Runtimes } from '../state/runtime.js'
import type { Lookup, State } from '../state/state.js'
import type { Following } from './following.js'
import type { MetadataBlock } from './metadata.js'

/** How long records are held back so that those of other CPUs can be put in order. */
const WINDOW_NS = 1_000_000
/** How long a loop that cannot keep up may keep timers and signals waiting, in ms. */
const TURN_MS = 10
/** Numbers that counters() gives for each ring, and their places. */
const COUNTERS = 5
const [HITS, BUFFER, PAGE_FAULT, NESTED, FILTERED] = [0, 1, 2, 3, 4]

/** A capture of the running machine: rings, read on this thread. */
export class LiveCapture extends Capture {
  readonly device: string
  readonly interfaces: readonly Interface[]
  /** Who fills the rings. */
  readonly probe: ProbeInfo
  protected readonly burst: Burst
  readonly #probe: ProbeHandle
  readonly #rings: Rings
  readonly #sieve: Sieve | undefined
  readonly #hits: HitCount
  readonly #cpus: number[]
  readonly #options: CheckedLiveOptions
  readonly #header: number
  readonly #counters: Float64Array
  readonly #describe: () => readonly MetadataBlock[]
  readonly #following: Following | undefined
  readonly #follower: Follower | undefined
  #runtimes: Runtimes | undefined
  #metadata: readonly MetadataBlock[] | undefined
  #pauseMs = 1
  /** Sleep before the next look. */
  #rest = false
  /** When the event loop last had its turn. */
  #turned = 0
  #nextTick = 0
  #lookedAt = Date.now()
  #unseenCpu = -1
  /** Records were lost since the last second, which may have told of threads. */
  #lostThreads = false
  #stopped = false
  #lent = false
  #lostBefore = 0
  #finalStats: Stats | undefined

  /** @internal Takes `probe` over. `describe` reads what is known of the machine. */
  constructor(
    device: string, { info, handle, hits, header, sieve }: Omit<Probe, 'start'>, options: CheckedLiveOptions, common: LiveOptions,
    describe: () => readonly MetadataBlock[] = () => [], following?: Following,
  ) {
    super(common)
    this.device = device
    this.interfaces = [{ name: device, linktype: LINKTYPE_USER0, snaplen: options.snaplen }]
    this.probe = info
    this.#probe = handle
    this.#describe = describe
    this.#options = options
    this.#header = header
    this.#rings = new Rings(handle, WINDOW_NS, header)
    this.#cpus = handle.cpus()
    this.#sieve = sieve && new Sieve(this.#rings, this.#cpus, sieve)
    this.#hits = hits
    this.#counters = new Float64Array(COUNTERS * this.#cpus.length + 1)
    const source = this.#sieve ?? this.#rings
    this.#following = following
    this.#follower = following?.begin(source)
    this.burst = new Burst(this.#follower ?? source)
  }

  override get state(): State | undefined {
    return this.#follower?.state
  }

  /** @internal The probe has started: now is the beginning of what the state follows. `runtimes` know its containers. */
  begin(initial: Initial, lookup: Lookup, runtimes?: Runtimes): void {
    if (this.#follower === undefined) return
    this.#following!.restart(this.#follower, initial, lookup)
    this.#runtimes = runtimes
    runtimes?.watch(this.#follower.state.containers)
  }

  override leaveOut(pids: readonly number[]): void {
    if (this.#stopped) return
    guarded(() => this.#probe.leaveOut(Uint32Array.from(pids)))
    this.#sieve?.leaveOut(pids)
  }

  override get metadata(): readonly MetadataBlock[] {
    return (this.#metadata ??= this.#describe())
  }

  override get _lendable(): boolean {
    return this.#follower === undefined && this.#sieve === undefined && this._limits.maxEvents === Infinity
  }

  override _lend(iface: number): LentSource {
    this.#lent = true
    return {
      source: { kind: 'probe', handle: this.#probe, iface, header: this.#header },
      stop: () => { this.finish() },
      pause: () => this.#probe.stop(),
      resume: () => { if (!this.#stopped) guarded(() => this.#probe.start()) },
    }
  }

  protected fill(): boolean | undefined | Promise<boolean | undefined> {
    const now = performance.now()
    if (now >= this.#nextTick) {
      this.#nextTick = now + 1000
      if (this.#lostThreads) this.#sieve?.lookAgain()
      this.#lostThreads = false
      if (this.#unseenCpu < 0) this.#unseenCpu = this.#probe.tick()
      // What other CPUs still have to say comes first, then the error.
      if (this.#unseenCpu >= 0) this.finish()
    }
    if (this.#rest && !this.#stopped) {
      this.#rest = false
      return this.#pause()
    }
    this.#lookedAt = Date.now()
    const waiting = this.#rings.refill(this.#stopped)
    if (waiting >= 0) {
      this.#pace(waiting)
      this.burst.lost = this.#lostSince()
      this.#lostThreads ||= this.burst.lost.total > 0
      return true
    }
    if (this.#stopped) {
      if (this.#unseenCpu < 0) return false
      throw new CaptureError(
        'ERR_CAPTURE_HOTPLUG',
        `CPU ${this.#unseenCpu} has come online, and this capture has no ring for it`,
        'open it again: rings are made for the CPUs that are online then',
      )
    }
    this.#pace(0)
    return this.#pause()
  }

  /**
   * When to look again. There is no wake-up from the kernel: one costs the traced process microseconds, a record a fraction
   * of that. So sleep after each look, longer while little comes, within the promised latency; and not at all while a ring
   * holds more than an eighth, except for the turn of the event loop that everything else needs.
   */
  #pace(waiting: number): void {
    const longest = Math.max(1, this.#options.maxWaitMs - WINDOW_NS / 1e6)
    const { ringBytes } = this.#rings
    const behind = waiting > ringBytes / 8
    if (behind) this.#pauseMs = Math.max(1, this.#pauseMs / 2)
    else if (waiting < ringBytes / 32) this.#pauseMs = Math.min(longest, this.#pauseMs * 2)
    this.#rest = !behind || performance.now() > this.#turned + TURN_MS
  }

  async #pause(): Promise<undefined> {
    await new Promise(resolve => setTimeout(resolve, this.#pauseMs))
    this.#turned = performance.now()
  }

  override get _lookedAt(): number {
    return this.#lookedAt
  }

  protected releaseBurst(): void {
    if (this.#finalStats === undefined && !this.#lent) this.#rings.release()
  }

  protected override finish(): boolean {
    if (!this.#stopped) {
      this.#stopped = true
      this.#probe.stop()
      if (this.#unseenCpu < 0) this.#unseenCpu = this.#probe.tick()
    }
    return true
  }

  protected dispose(): void {
    this.#runtimes?.close()
    try {
      this.finish()
      this.#finalStats = this.#readStats(true)
    } finally {
      this.#probe.close()
    }
  }

  stats(): Stats {
    return this.#finalStats ?? this.#readStats()
  }

  #lostSince(): Lost {
    this.#probe.counters(this.#counters)
    const { total } = this.#drops()
    const lost = total - this.#lostBefore
    this.#lostBefore = total
    return lost === 0 ? NOTHING : { total: lost }
  }

  /** The counters that mean loss, by cause. */
  #drops(): Lost {
    const sum = (at: number) => this.#cpus.reduce((total, _, index) => total + this.#counters[COUNTERS * index + at], 0)
    const causes = { buffer: sum(BUFFER), nested: sum(NESTED), page_fault: sum(PAGE_FAULT), no_ring: this.#counters[COUNTERS * this.#cpus.length] }
    return { total: causes.buffer + causes.nested + causes.page_fault + causes.no_ring, ...causes }
  }

  /** `final`: the producer is done, so that what it counted and did not write can be told from what is on its way. */
  #readStats(final = false): Stats {
    const counters = this.#counters
    this.#probe.counters(counters)
    const dropped = this.#drops()
    let unrecorded = 0
    const perCpu = this.#cpus.map((cpu, index): CpuStats => {
      const of = (at: number) => counters[COUNTERS * index + at]
      const sifted = (this.#sieve?.filtered[cpu] ?? 0) + (this.#follower?.filteredOn[cpu] ?? 0)
      let lost = of(BUFFER) + of(NESTED) + of(PAGE_FAULT)
      let hits = of(HITS) + (this.#hits === 'without_nested' ? of(NESTED) : 0)
      // Of lent rings only the balancer may look at the records: what it has not read yet counts as delivered to it.
      const handedOut = this.#lent ? Math.max(0, hits - lost) : this.#rings.delivered(index)
      // While it runs, more comes between the counters and a look into the ring: then it is what was counted and is not handed out.
      const isQuiet = final || this.#hits !== 'exact'
      const pending = this.#lent ? 0 : isQuiet ? this.#rings.pending(index) : Math.max(0, hits - lost - handedOut)
      if (this.#hits === 'also_when_off') {
        hits = handedOut + pending + lost
      } else if (final && this.#hits !== 'exact') {
        const missing = Math.max(0, hits - handedOut - pending - lost)
        unrecorded += missing
        lost += missing
      }
      return { cpu, seen: hits + of(FILTERED), delivered: handedOut - sifted, dropped: lost, filtered: of(FILTERED) + sifted, pending }
    })
    if (unrecorded > 0) {
      dropped.unrecorded = unrecorded
      dropped.total += unrecorded
    }
    const sum = (key: 'seen' | 'delivered' | 'filtered' | 'pending') => perCpu.reduce((total, cpu) => total + cpu[key], 0)
    const bufferDrops = this.#probe.bufferDrops()
    return {
      seen: sum('seen') + dropped.no_ring,
      delivered: sum('delivered'),
      dropped,
      ...Object.keys(bufferDrops).length > 0 && { bufferDrops },
      filtered: sum('filtered'),
      pending: sum('pending'),
      late: this.#rings.late,
      perCpu,
    }
  }
}

const NOTHING: Lost = Object.freeze({ total: 0 })
