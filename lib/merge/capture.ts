import type { Event } from '../event/event.js'
import { Burst, type Lost } from '../iface/burst.js'
import { Capture, type Interface, type Stats } from '../iface/capture.js'
import type { MetadataBlock } from '../iface/metadata.js'
import type { State } from '../state/state.js'
import { Accepted } from './accepted.js'
import { Attribution, type AttributionStats } from './attribution.js'
import type { CheckedMergeOptions } from './merge.js'
import { Source } from './source.js'
import { Tournament } from './tournament.js'

/** What became of every record of a merge; `dropped.late` are those that came too late and were not wanted then. */
export interface MergedStats extends Stats {
  /** Those of each source, in the order in which they were given. */
  sources: (Stats & { device: string })[]
  /** Of packets; undefined where they are not attributed to processes. */
  attribution?: AttributionStats
}

/** How long a signal may go unnoticed while a file gives nothing, in ms. */
const NOTICE_MS = 100

/**
 * Several captures as one, in time order.
 *
 * The sources' bursts stay lent until they were handed out in full; a burst of the merge ends where a source has to be asked for more.
 * Events are those of the sources, in place: their filters, their state. `ev.num` counts the merge's records, `ev.iface` is an
 * index into its `interfaces`, which are those of all sources.
 */
export class MergedCapture extends Capture {
  readonly device: string
  protected readonly burst: Burst
  readonly #sources: readonly Source[]
  readonly #tournament: Tournament
  readonly #attribution: Attribution | undefined
  readonly #accepted: Accepted | undefined
  readonly #interfaces: Interface[] = []
  #wake = () => {}

  /** @internal Takes the captures over; see merge(). `accept`: what the filter says of a record. */
  constructor(captures: readonly Capture[], { windowMs, late, attribute, ...common }: CheckedMergeOptions, accept?: (ev: Event) => boolean) {
    super(common)
    this.device = captures.map(({ device }) => device).join('+')
    this.#attribution = attribute === false ? undefined : Attribution.of(captures)
    this.#sources = captures.map(capture => new Source(capture, source => this.#opened(source)))
    for (const source of this.#sources) this.#describe(source)
    this.#tournament = new Tournament(this.#sources, windowMs, late === 'drop', this.#attribution)
    this.#accepted = accept && new Accepted(this.#tournament, accept)
    this.burst = new Burst(this.#accepted ?? this.#tournament)
  }

  get interfaces(): readonly Interface[] {
    return this.#interfaces
  }

  override leaveOut(pids: readonly number[]): void {
    for (const { capture } of this.#sources) capture.leaveOut(pids)
  }

  /** Those of all sources, one after the other. */
  override get metadata(): readonly MetadataBlock[] {
    return this.#sources.flatMap(({ capture }) => capture.metadata)
  }

  /** Counts the sections of all sources that have several. */
  override get section(): number {
    return this.#sources.reduce((sum, { capture }) => sum + capture.section, 0)
  }

  /** That of the first source which keeps one. */
  override get state(): State | undefined {
    return this.#sources.find(({ capture }) => capture.state !== undefined)?.capture.state
  }

  override get _lookedAt(): number | undefined {
    const looked = this.#sources.flatMap(({ capture }) => capture._lookedAt ?? [])
    return looked.length === 0 ? undefined : Math.min(...looked)
  }

  protected async fill(deadline: number): Promise<boolean | undefined> {
    const pulls: Promise<void>[] = []
    let awaited = 0
    for (const source of this.#sources) {
      const pull = source.pull()
      if (pull === undefined) continue
      pulls.push(pull)
      if (source.awaited) awaited++
    }
    if (awaited > 0) {
      await this.#within(Promise.all(this.#sources.flatMap(source => (source.awaited ? source.pull() ?? [] : []))), deadline)
    }
    this.#endAll()
    if (this.#tournament.open()) {
      this.burst.lost = this.#lost()
      return true
    }
    if (this.#sources.every(({ ended }) => ended)) return this.#end()
    // Only live sources have nothing, and what the others have is too young to be handed out.
    if (awaited === 0) await this.#within(Promise.race(pulls), deadline)
    return undefined
  }

  /** Waits until then, or until somebody has a reason to look. */
  async #within(promise: Promise<unknown>, deadline: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>(resolve => {
      this.#wake = resolve
      timer = setTimeout(resolve, Math.max(0, Math.min(deadline - performance.now(), NOTICE_MS)))
    })
    try {
      await Promise.race([promise, patience])
    } finally {
      clearTimeout(timer)
    }
  }

  /** When one source has failed, the others only deliver what they have. */
  #endAll(): void {
    if (this.#sources.some(({ error }) => error !== undefined)) for (const { capture } of this.#sources) capture.stop()
  }

  #end(): false {
    for (const { error } of this.#sources) if (error !== undefined) throw error
    return false
  }

  #opened(source: Source): void {
    this.#describe(source)
    this.#attribution?.opened(source.capture)
  }

  /** Takes in the interfaces that a source has come to know. */
  #describe({ capture, ifaces }: Source): void {
    const { interfaces } = capture
    while (ifaces.length < interfaces.length) ifaces.push(this.#interfaces.push(interfaces[ifaces.length]) - 1)
  }

  #lost(): Lost {
    let total = 0
    for (const source of this.#sources) {
      total += source.lost
      source.lost = 0
    }
    return { total }
  }

  protected releaseBurst(): void {
    this.#tournament.close()
    for (const source of this.#sources) source.release()
  }

  override stop(): void {
    super.stop()
    for (const { capture } of this.#sources) capture.stop()
    this.#wake()
  }

  protected override finish(): boolean {
    for (const { capture } of this.#sources) capture.stop()
    return true
  }

  protected async dispose(): Promise<void> {
    this.#wake()
    const closed = await Promise.allSettled(this.#sources.map(({ capture }) => capture.close()))
    for (const outcome of closed) if (outcome.status === 'rejected') throw outcome.reason
  }

  stats(): MergedStats {
    const sources = this.#sources.map(({ capture }) => ({ device: capture.device, ...capture.stats() }))
    const sum = (key: 'seen' | 'delivered' | 'filtered' | 'pending') => sources.reduce((total, stats) => total + stats[key], 0)
    const { delivered: given, dropped: late, late: counted } = this.#tournament
    const filtered = this.#accepted?.filtered ?? 0
    const dropped: Lost = { total: late, ...late > 0 && { late } }
    for (const { dropped: causes } of sources) for (const [cause, count] of Object.entries(causes)) dropped[cause] = (dropped[cause] ?? 0) + count
    return {
      seen: sum('seen'),
      delivered: given - filtered,
      dropped,
      filtered: sum('filtered') + filtered,
      // What a source has given and the merge has not yet is still to come.
      pending: sum('pending') + sum('delivered') - given - late,
      late: counted,
      perCpu: sources.flatMap(({ perCpu }) => perCpu),
      sources,
      ...this.#attribution !== undefined && { attribution: this.#attribution.stats() },
    }
  }
}
