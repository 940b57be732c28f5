import { existsSync } from 'node:fs'
import type { Worker } from 'node:worker_threads'
import type { ClusterStats } from '../balance/cluster.js'
import type { BalanceOptions } from '../balance/options.js'
import { QUEUE_DATA, type QueueData } from '../balance/workers.js'
import { captureError } from '../native.js'
import { startThread } from '../thread.js'

/** How the thread of a stage is told what it is, and how its messages are told from those that the stage itself posts. */
export const STAGE_DATA = 'sysring:stage'

/** What the thread finds in its workerData. */
export interface StageData {
  /** URL of the stage's module. */
  module: string
  cpu: number | undefined
  state: boolean
  maxWaitMs: number | undefined
  /** Of the cluster that it makes. */
  output: BalanceOptions
}

export type ToStage =
  /** The queue to read is there. */
  | { ask: 'open'; input: string }
  /** Wait for nobody any more. */
  | { ask: 'stop' }
  | { ask: 'close' }

/** An error loses what is not in every error on its way: code and hint. */
export type FromStage = { ready: true } | { device: string } | { stats: ClusterStats } | { done: true } | { failed: unknown; code?: string; hint?: string }

/** In the sources beside this file, and in the bundle. */
const ENTRY = ['./stage.ts', './stage.js'].map(path => new URL(path, import.meta.url)).find(url => existsSync(url))

/** How long a thread may take to close its cluster, in ms. */
const PATIENCE_MS = 2000

export interface StageThreadOptions extends StageData {
  stageData: unknown
  onMessage: (message: unknown) => void
}

/** The thread of one stage, from outside. What it fails with rejects all promises that are not settled. */
export class StageThread {
  readonly module: string
  /** Resolves when the stage is loaded: it can be given its queue. */
  readonly ready: Promise<void>
  /** Resolves to the queue that it fills. */
  readonly device: Promise<string>
  /** Resolves when its queue has ended and all that it passes on is placed. */
  readonly done: Promise<void>
  /** What it told last; after `done` the final counts. */
  stats: ClusterStats | undefined
  /** What it threw. */
  failure: unknown
  readonly #worker: Worker
  readonly #exited: Promise<void>

  constructor({ stageData, onMessage, ...data }: StageThreadOptions) {
    this.module = data.module
    const queueData: QueueData = { device: '', data: stageData }
    const worker = startThread(ENTRY!, { workerData: { [STAGE_DATA]: data, [QUEUE_DATA]: queueData }, name: `sysring stage ${data.module}` })
    this.#worker = worker
    const ready = new Settling<void>()
    const device = new Settling<string>()
    const done = new Settling<void>()
    this.ready = ready.promise
    this.device = device.promise
    this.done = done.promise
    worker.on('message', (message: Record<string, FromStage> | null) => {
      const own = message?.[STAGE_DATA]
      if (own === undefined) onMessage(message)
      else if ('ready' in own) ready.resolve()
      else if ('device' in own) device.resolve(own.device)
      else if ('stats' in own) this.stats = own.stats
      else if ('done' in own) done.resolve()
      else fail(errorOf(own))
    })
    const fail = (error: unknown) => {
      this.failure ??= error
      for (const settling of [ready, device, done]) settling.reject(error)
    }
    worker.once('error', fail)
    this.#exited = new Promise(resolve => worker.once('exit', () => {
      for (const settling of [ready, device, done]) settling.reject(new Error(`the thread of stage ${data.module} has ended`))
      resolve()
    }))
  }

  /** Gives it the queue that it reads. */
  open(input: string): void {
    this.#ask({ ask: 'open', input })
  }

  /** It waits no longer for room; what does not fit is dropped, and counted. */
  stop(): void {
    this.#ask({ ask: 'stop' })
  }

  /** Closes its queue to who has not come yet, and ends it. */
  async close(): Promise<void> {
    this.#ask({ ask: 'close' })
    const timer = setTimeout(() => void this.#worker.terminate(), PATIENCE_MS)
    await this.#exited
    clearTimeout(timer)
  }

  #ask(message: ToStage): void {
    this.#worker.postMessage(message)
  }
}

function errorOf({ failed, code, hint }: Extract<FromStage, { failed: unknown }>): unknown {
  return hint === undefined || !(failed instanceof Error) ? failed : captureError(Object.assign(failed, { code, hint }))
}

/** A promise that is settled from outside; one that nobody waits for may be rejected. */
class Settling<T> {
  resolve!: (value: T) => void
  reject!: (error: unknown) => void
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })

  constructor() {
    this.promise.catch(() => {})
  }
}
