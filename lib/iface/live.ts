import { LINKTYPE_USER0 } from '../export/framing.js'
import type { ProbeHandle } from '../native.js'
import type { CheckedLiveOptions, LiveOptions } from '../probe/options.js'
import { Rings } from '../ring/rings.js'
import { Burst, type Lost } from './burst.js'
import { Capture, type CpuStats, type Interface, type Stats } from './capture.js'
import type { MetadataBlock } from './metadata.js'

/** How long records are held back so that those of other CPUs can be put in order. */
const WINDOW_NS = 1_000_000
/** How long a loop that cannot keep up may keep timers and signals waiting, in ms. */
const TURN_MS = 10
/** Numbers that counters() gives for each ring. */
const COUNTERS = 5

/** A capture of the running machine: rings, read on this thread. */
export class LiveCapture extends Capture {
  readonly device: string
  readonly interfaces: readonly Interface[]
  protected readonly burst: Burst
  readonly #probe: ProbeHandle
  readonly #rings: Rings
  readonly #cpus: number[]
  readonly #options: CheckedLiveOptions
  readonly #counters: Float64Array
  readonly #describe: () => readonly MetadataBlock[]
  #metadata: readonly MetadataBlock[] | undefined
  #pauseMs = 1
  /** Sleep before the next look. */
  #rest = false
  /** When the event loop last had its turn. */
  #turned = 0
  #nextTick = 0
  #stopped = false
  #lostBefore = 0
  #finalStats: Stats | undefined

  /** @internal Takes `probe` over, which has been started. `describe` reads what is known of the machine. */
  constructor(device: string, probe: ProbeHandle, options: CheckedLiveOptions, common: LiveOptions, describe: () => readonly MetadataBlock[] = () => []) {
    super(common)
    this.device = device
    this.interfaces = [{ name: device, linktype: LINKTYPE_USER0, snaplen: options.snaplen }]
    this.#probe = probe
    this.#describe = describe
    this.#options = options
    this.#rings = new Rings(probe, options.ringBytes, WINDOW_NS)
    this.#cpus = probe.cpus()
    this.#counters = new Float64Array(COUNTERS * this.#cpus.length + 1)
    this.burst = new Burst(this.#rings)
  }

  override get metadata(): readonly MetadataBlock[] {
    return (this.#metadata ??= this.#describe())
  }

  protected fill(): boolean | undefined | Promise<boolean | undefined> {
    const now = performance.now()
    if (now >= this.#nextTick) {
      this.#nextTick = now + 1000
      this.#probe.tick()
    }
    if (this.#rest && !this.#stopped) {
      this.#rest = false
      return this.#pause()
    }
    const waiting = this.#rings.refill(this.#stopped)
    if (waiting >= 0) {
      this.#pace(waiting)
      this.burst.lost = this.#lostSince()
      return true
    }
    if (this.#stopped) return false
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
    const behind = waiting > this.#options.ringBytes / 8
    if (behind) this.#pauseMs = Math.max(1, this.#pauseMs / 2)
    else if (waiting < this.#options.ringBytes / 32) this.#pauseMs = Math.min(longest, this.#pauseMs * 2)
    this.#rest = !behind || performance.now() > this.#turned + TURN_MS
  }

  async #pause(): Promise<undefined> {
    await new Promise(resolve => setTimeout(resolve, this.#pauseMs))
    this.#turned = performance.now()
  }

  protected releaseBurst(): void {
    if (this.#finalStats === undefined) this.#rings.release()
  }

  protected override finish(): boolean {
    if (!this.#stopped) {
      this.#stopped = true
      this.#probe.stop()
    }
    return true
  }

  protected dispose(): void {
    this.finish()
    this.#finalStats = this.#readStats()
    this.#probe.close()
  }

  stats(): Stats {
    return this.#finalStats ?? this.#readStats()
  }

  #lostSince(): Lost {
    this.#probe.counters(this.#counters)
    const lost = dropsOf(this.#counters, this.#cpus.length)
    const total = lost.total - this.#lostBefore
    this.#lostBefore = lost.total
    return total === 0 ? NOTHING : { total }
  }

  #readStats(): Stats {
    const counters = this.#counters
    this.#probe.counters(counters)
    const perCpu = this.#cpus.map((cpu, index): CpuStats => {
      const [hits, buffer, , nested, filtered] = counters.subarray(COUNTERS * index)
      return {
        cpu,
        seen: hits + filtered,
        delivered: this.#rings.delivered(index),
        dropped: buffer + nested,
        filtered,
        pending: this.#rings.pending(index),
      }
    })
    const sum = (key: 'seen' | 'delivered' | 'filtered' | 'pending') => perCpu.reduce((total, cpu) => total + cpu[key], 0)
    const dropped = dropsOf(counters, this.#cpus.length)
    return {
      seen: sum('seen') + dropped.no_ring,
      delivered: sum('delivered'),
      dropped,
      filtered: sum('filtered'),
      pending: sum('pending'),
      late: this.#rings.late,
      perCpu,
    }
  }
}

const NOTHING: Lost = Object.freeze({ total: 0 })

/** The counters that mean loss, by cause: no room in the ring, hit while another record was written, CPU without a ring. */
function dropsOf(counters: Float64Array, rings: number): Lost & { buffer: number; nested: number; no_ring: number } {
  let buffer = 0
  let nested = 0
  for (let ring = 0; ring < rings; ring++) {
    buffer += counters[COUNTERS * ring + 1]
    nested += counters[COUNTERS * ring + 3]
  }
  const no_ring = counters[COUNTERS * rings]
  return { total: buffer + nested + no_ring, buffer, nested, no_ring }
}
