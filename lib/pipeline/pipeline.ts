import { basename } from 'node:path'
import { balance } from '../balance/balance.js'
import type { Cluster, ClusterQueueStats, ClusterStats } from '../balance/cluster.js'
import { Outcome } from '../balance/outcome.js'
import { watch, type WatchOptions } from '../balance/watch.js'
import { clusterId } from '../cluster/address.js'
import type { Capture, Stats } from '../iface/capture.js'
import { checkPipelineOptions, type PipelineOptions } from './options.js'
import { moduleUrl } from '../thread.js'
import { StageThread } from './thread.js'

/** What became of the records that came to one stage: seen = passed + refused + dropped. */
export interface StageStats {
  /** File name of its module. */
  stage: string
  seen: number
  passed: number
  /** Those for which the stage returned false. */
  refused: number
  /** Those for which there was no room in the next queue. */
  dropped: number
}

export interface PipelineStats {
  /** Records that the captures delivered, and those of them for which there was no room in the queue of the first stage. */
  seen: number
  dropped: number
  /** In the order of the stages; while they run, as of at most a tenth of a second ago. */
  stages: StageStats[]
  /** The last queue; undefined if it was never made. */
  queue: ClusterQueueStats | undefined
  /** What the captures say of themselves. */
  sources: Stats[]
}

/**
 * A chain of stages, each a module on a thread of its own. Its default export is called for each record and passes it on to the next
 * stage, drops it (false), or passes it on with a note (a text: `ev.note`); see Stage. What the last one passes on is in the queue
 * `device`, for this process or another. Events that others cannot be understood without come along all the same, flagged
 * FLAG_STATE_ONLY, and no stage is asked about those.
 *
 * The captures belong to the pipeline from then on. A stage that throws ends all of it with its error.
 *
 * @throws CaptureError as balance(); ERR_CAPTURE_OPTION for a stage that is none
 * @example
 * await using chain = await pipeline(await open('sysdig'), [new URL('./exits.js', import.meta.url), new URL('./slow.js', import.meta.url)])
 * for await (const burst of await open(chain.device))
 *   for (const ev of burst) console.log(ev.name, ev.note)
 */
export async function pipeline(captures: Capture | readonly Capture[], stages: readonly (string | URL)[], options: PipelineOptions = {}): Promise<Pipeline> {
  checkPipelineOptions(stages, options)
  const { id, state = false, stageData, stageCpus = [], onMessage = () => {}, owner, group, mode, path, queueBytes, maxWaitMs, ...ofSource } = options
  const own = given({ queueBytes, maxWaitMs })
  const last = stages.length - 1
  const chain = clusterId(id)
  const threads = stages.map((stage, index) => new StageThread({
    module: moduleUrl(stage),
    cpu: stageCpus[index],
    state,
    maxWaitMs,
    output: index === last ? { ...own, ...given({ owner, group, mode, path }), id: chain } : { ...own, id: `${chain}.${index + 1}` },
    stageData,
    onMessage: message => onMessage(message, index),
  }))
  let source: Cluster | undefined
  try {
    // Loaded before the first record comes, so that none is dropped while they are.
    await Promise.all(threads.map(thread => thread.ready))
    source = await balance(captures, { ...ofSource, ...own, id: `${chain}.0`, queues: 1 })
    let [device] = source.devices
    for (const thread of threads) {
      thread.open(device)
      device = await thread.device
    }
    return new Pipeline(chain, device, source, threads)
  } catch (error) {
    source?.stop()
    await Promise.all(threads.map(thread => thread.close()))
    await source?.close().catch(() => {}) // the first error is the one to tell
    // A stage finds the one ahead of it gone before that one's error has come to us.
    throw threads.find(({ failure }) => failure !== undefined)?.failure ?? error
  }
}

/** Without those that are undefined, which stand for the default. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

/** A running pipeline. `await using`, or close() it; left alone it ends with its captures. */
export class Pipeline implements AsyncDisposable {
  readonly id: string
  /** The name that opens the last queue: "cluster:8@0". */
  readonly device: string
  readonly #source: Cluster
  readonly #threads: readonly StageThread[]
  readonly #outcome: Outcome
  #stopping = false
  #settled = false
  #closed: Promise<void> | undefined
  #final: PipelineStats | undefined

  /** @internal Takes both over. */
  constructor(id: string, device: string, source: Cluster, threads: readonly StageThread[]) {
    this.id = id
    this.device = device
    this.#source = source
    this.#threads = threads
    this.#outcome = new Outcome(this.#follow())
  }

  /** Resolves when everything has gone through all stages; rejects with what went wrong. */
  get ended(): Promise<void> {
    return this.#outcome.ended
  }

  async #follow(): Promise<void> {
    const parts = [this.#source.ended, ...this.#threads.map(({ done }) => done)]
    for (const part of parts) part.catch(() => this.#abort())
    const outcomes = await Promise.allSettled(parts)
    this.#settled = true
    // What comes behind one that fails fails with it, for want of a producer.
    const failed = outcomes.find(outcome => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  #abort(): void {
    this.#source.stop()
    for (const thread of this.#threads) thread.stop()
  }

  /** Ends the captures in an orderly way: what was made until now goes through the stages, but where a queue is full nobody waits. */
  stop(): void {
    if (this.#stopping) return
    this.#stopping = true
    this.#source.stop()
    void this.#stopInTurn()
  }

  /** A stage that was told to stop reads what is there: so not before the one ahead of it has ended. */
  async #stopInTurn(): Promise<void> {
    let ahead = this.#source.ended
    for (const thread of this.#threads) {
      await ahead.catch(() => {})
      thread.stop()
      ahead = thread.done
    }
  }

  /**
   * Stops, and frees everything. Who reads the last queue may read it to its end. Throws what the pipeline failed with, unless `ended`
   * or an earlier call has told it.
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
      this.#final = this.stats()
      await Promise.all(this.#threads.map(thread => thread.close()))
      await this.#source.close().catch(() => {}) // told by `ended`
    }
  }

  stats(): PipelineStats {
    if (this.#final !== undefined) return this.#final
    const { seen, queues: [{ dropped }], sources } = this.#source.stats()
    return { seen, dropped, stages: this.#threads.map(stageStats), queue: this.#threads.at(-1)!.stats?.queues[0], sources }
  }

  /** The statistics every so many ms, and once more at the end. */
  watch(options: WatchOptions = {}): AsyncGenerator<PipelineStats, void, void> {
    return watch(this.#outcome.settled, () => this.stats(), options, () => this.#settled)
  }
}

function stageStats({ module, stats }: StageThread): StageStats {
  const { seen, refused, queues } = stats ?? NOTHING
  return { stage: basename(module), seen, passed: queues[0].received, refused, dropped: queues[0].dropped }
}

const NOTHING: Pick<ClusterStats, 'seen' | 'refused'> & { queues: readonly Pick<ClusterQueueStats, 'received' | 'dropped'>[] } =
  { seen: 0, refused: 0, queues: [{ received: 0, dropped: 0 }] }
