import type { Worker } from 'node:worker_threads'
import { queueDevice } from '../cluster/address.js'
import { startThread } from '../thread.js'

/** How a worker thread is told of its queue: under this name in its workerData. */
export const QUEUE_DATA = 'sysring:queue'

/** What a worker finds in its workerData. */
export interface QueueData {
  device: string
  /** CPU to run on. */
  cpu?: number
  /** What balance() was given as workerData. */
  data: unknown
}

export interface WorkersOptions {
  module: string | URL
  /** Name or path of the cluster. */
  cluster: string
  queues: number
  data: unknown
  cpus: readonly number[]
  restarts: number
  onMessage: (message: unknown, queue: number) => void
  /** A worker has ended, and no other one reads its queue. */
  onEnd: (queue: number) => void
  /** A worker has thrown once too often. */
  onFailure: (error: Error) => void
}

const MINUTE_MS = 60_000
/** How long a worker may do other things before it attaches to its queue, in ms, and how often it is looked whether it has. */
const PATIENCE_MS = 10_000
const LOOK_MS = 2

/** One worker thread per queue. One that throws is started again and takes its queue over; one that returns has done its work. */
export class Workers {
  /** The threads by queue, as they are now. */
  readonly threads: Worker[] = []
  restarted = 0
  readonly #options: WorkersOptions
  /** When workers were started again, in the last minute. */
  #recent: number[] = []
  readonly #ended: Promise<void>[] = []
  /** What they have said before somebody could listen. */
  #early: [message: unknown, queue: number][] | undefined = []
  /** Queues that nobody is to read any more. */
  readonly #left = new Set<number>()
  #closing = false

  constructor(options: WorkersOptions) {
    this.#options = options
    for (let queue = 0; queue < options.queues; queue++) this.#ended.push(new Promise(resolve => this.#start(queue, resolve)))
  }

  #start(queue: number, ended: () => void): void {
    const { module, cluster, data, cpus, onEnd, onFailure, restarts } = this.#options
    const queueData: QueueData = { device: queueDevice(cluster, queue), data, ...(cpus[queue] !== undefined && { cpu: cpus[queue] }) }
    const worker = startThread(module, { workerData: { [QUEUE_DATA]: queueData }, name: `sysring queue ${queue}` })
    this.threads[queue] = worker
    let failure: Error | undefined
    const leave = () => {
      this.#left.add(queue)
      onEnd(queue)
    }
    worker.on('message', message => this.#hear(message, queue))
    worker.on('error', error => { failure = error })
    worker.on('exit', () => {
      if (this.#closing) return ended()
      if (failure === undefined) {
        leave()
        return ended()
      }
      const now = performance.now()
      this.#recent = this.#recent.filter(time => time > now - MINUTE_MS)
      if (this.#recent.push(now) > restarts) {
        leave()
        ended()
        return onFailure(failure)
      }
      this.restarted++
      this.#start(queue, ended)
    })
  }

  #hear(message: unknown, queue: number): void {
    if (this.#early === undefined) this.#options.onMessage(message, queue)
    else this.#early.push([message, queue])
  }

  /** From now on onMessage is called; whoever started them has them in hand by then. */
  listen(): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const [message, queue] of early) this.#options.onMessage(message, queue)
  }

  /** Resolves when each has attached to its queue or has ended, or takes too long. */
  async attached(isAttached: (queue: number) => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS
    const isAwaited = (queue: number) => !this.#left.has(queue) && !isAttached(queue)
    while (this.threads.some((_, queue) => isAwaited(queue)) && performance.now() < deadline) await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }

  /** Resolves when all have ended: they do at the end of their queues. */
  async ended(): Promise<void> {
    await Promise.all(this.#ended)
  }

  /** Ends them at once. */
  async close(): Promise<void> {
    this.#closing = true
    await Promise.all(this.threads.map(worker => worker.terminate()))
  }
}
