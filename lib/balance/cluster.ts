import { queueDevice } from '../cluster/address.js'
import { COUNTERS, queueStats, type QueueStats } from '../cluster/counters.js'
import type { QueueDescription } from '../cluster/description.js'
import type { Serving } from '../cluster/server.js'
import type { Capture, Stats } from '../iface/capture.js'
import { captureError, type ClusterHandle } from '../native.js'
import type { Feed } from './feed.js'
import { Outcome } from './outcome.js'
import { watch, type WatchOptions } from './watch.js'
import type { Workers } from './workers.js'

/** What became of the records of one queue, and who reads it. */
export interface ClusterQueueStats extends QueueStats {
  /** The name that opens it: "cluster:7@0". */
  device: string
  /** Of which application it is. */
  application: string
  /** Has it a consumer now? One on the other side of a virtual machine's memory is not seen. */
  attached: boolean
}

/** What became of all records: of each application, `seen` − `refused` = the sum of its queues' received + dropped + filtered. */
export interface ClusterStats {
  /** Records that the balancer has looked at. */
  seen: number
  /** Those of them for which a function chose no queue. */
  refused: number
  /** Records that came too late to be put in order. */
  late: number
  /** Time that the balancing thread has spent on a CPU, in ms; 0 where records are distributed on JavaScript's own thread. */
  cpuMs: number
  queues: ClusterQueueStats[]
  /** What the captures say of themselves: what was lost before the balancer is in there. */
  sources: Stats[]
  /** Workers that were started again. */
  restarts: number
}

/** How often it is looked whether the balancing thread has ended, in ms. */
const LOOK_MS = 50

export interface ClusterParts {
  id: string
  handle: ClusterHandle
  server: Serving
  captures: readonly Capture[]
  queues: readonly QueueDescription[]
  /** In JavaScript: what distributes. */
  feed?: Feed
}

/**
 * A running balancer, and the memory with its queues. Consumers attach by the names in `devices`, from this process or another.
 *
 * `await using`, or close() it; left alone it ends with its captures.
 */
export class Cluster implements AsyncDisposable {
  readonly id: string
  /** Of each queue, the name that opens it. */
  readonly devices: readonly string[]
  /** Does a native thread distribute the records? Otherwise this one does: files, filters and functions need it. */
  readonly native: boolean
  readonly #handle: ClusterHandle
  readonly #server: Serving
  readonly #captures: readonly Capture[]
  readonly #queues: readonly QueueDescription[]
  readonly #feed: Feed | undefined
  readonly #counters: Float64Array
  #workers: Workers | undefined
  readonly #outcome: Outcome
  #stopSources = () => {}
  #failure: unknown
  #distributed = false
  #closed: Promise<void> | undefined
  #final: ClusterStats | undefined
  #settle: { resolve: () => void; reject: (error: unknown) => void }

  /** @internal */
  constructor({ id, handle, server, captures, queues, feed }: ClusterParts) {
    this.id = id
    this.#handle = handle
    this.#server = server
    this.#captures = captures
    this.#queues = queues
    this.#feed = feed
    this.native = feed === undefined
    this.devices = queues.map((_, queue) => queueDevice(id, queue))
    this.#counters = new Float64Array(COUNTERS * queues.length + 4)
    let settle!: { resolve: () => void; reject: (error: unknown) => void }
    this.#outcome = new Outcome(new Promise((resolve, reject) => { settle = { resolve, reject } }))
    this.#settle = settle
  }

  /** Resolves when everything has been distributed, and the workers are done with it; rejects with what went wrong. */
  get ended(): Promise<void> {
    return this.#outcome.ended
  }

  /** @internal The same, for those who do not tell what went wrong. */
  get _settled(): Promise<void> {
    return this.#outcome.settled
  }

  /** @internal Begins. `distribute` resolves when all was distributed; `stop` ends the sources in an orderly way. */
  _run(distribute: Promise<void>, stop: () => void): void {
    this.#stopSources = stop
    void this.#follow(distribute)
    if (this.#failure !== undefined) this.stop()
  }

  /** @internal */
  set _workers(workers: Workers) {
    this.#workers = workers
  }

  /** @internal Ends everything with this error. */
  _fail(error: unknown): void {
    this.#failure ??= error
    this.stop()
  }

  async #follow(distribute: Promise<void>): Promise<void> {
    try {
      await distribute
    } catch (error) {
      this.#failure ??= captureError(error)
    }
    this.#distributed = true
    await this.#workers?.ended()
    if (this.#failure === undefined) this.#settle.resolve()
    else this.#settle.reject(this.#failure)
  }

  /** @internal The native thread ends by itself, or with stop(). */
  async _thread(): Promise<void> {
    for (;;) {
      const ended = this.#handle.running()
      if (ended !== undefined) {
        if (ended !== null) throw ended
        return
      }
      await new Promise(resolve => setTimeout(resolve, LOOK_MS))
    }
  }

  /** The worker threads by queue; one that is started again is another one. */
  get workers(): Workers['threads'] {
    return this.#workers?.threads ?? []
  }

  /** Ends the captures in an orderly way: what was made until now is still distributed, and the consumers read their queues to the end. */
  stop(): void {
    this.#feed?.stop()
    this.#stopSources()
  }

  /**
   * Stops, waits for the workers, and frees everything. Other consumers may read what is in their queues. Throws what the cluster
   * failed with, unless `ended` or an earlier call has told it.
   */
  close(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed.catch(() => {})
    return this.#closed = this.#close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const { isTold } = this.#outcome
    try {
      this.stop()
      await this.#outcome.settled
    } catch (error) {
      if (!isTold) throw error
    } finally {
      await this.#workers?.close()
      this.#final = this.stats()
      await this.#server.close()
      await Promise.all(this.#captures.map(capture => capture.close()))
      this.#handle.close()
    }
  }

  stats(): ClusterStats {
    if (this.#final !== undefined) return this.#final
    const counters = this.#counters
    this.#handle.counters(counters)
    const [seen, refused, late, cpuNs] = counters.subarray(COUNTERS * this.#queues.length)
    return {
      seen,
      refused,
      late,
      cpuMs: cpuNs / 1e6,
      queues: this.#queues.map(({ application }, queue) => ({
        ...queueStats(queue, counters, COUNTERS * queue), device: this.devices[queue], application, attached: this.#handle.attached(queue),
      })),
      sources: this.#captures.map(capture => capture.stats()),
      restarts: this.#workers?.restarted ?? 0,
    }
  }

  /** The statistics every so many ms, and once more at the end. */
  watch(options: WatchOptions = {}): AsyncGenerator<ClusterStats, void, void> {
    return watch(this.#outcome.settled, () => this.stats(), options, () => this.#distributed || this.#closed !== undefined)
  }
}
