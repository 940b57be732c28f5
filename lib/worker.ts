/** sysring/worker: what a worker thread of balance() needs. */
import { workerData } from 'node:worker_threads'
import { QUEUE_DATA, type QueueData } from './balance/workers.js'
import type { QueueCapture, QueueOptions } from './cluster/capture.js'
import { openQueue } from './cluster/open.js'
import { CaptureError } from './errors.js'
import { native } from './native.js'

export type { QueueCapture, QueueOptions } from './cluster/capture.js'

/**
 * The queue that this thread was started for, as a capture.
 *
 * @throws CaptureError ERR_CAPTURE_NO_DEVICE if it was not started by balance()
 * @example
 * for await (const burst of await queue({ state: true }))
 *   for (const ev of burst) count(ev.pid)
 * parentPort!.postMessage(counts)
 */
export async function queue(options: QueueOptions = {}): Promise<QueueCapture> {
  const { device, cpu } = queueData()
  if (cpu !== undefined && !native().pinThread(cpu)) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `this thread cannot run on CPU ${cpu}`, 'see: taskset -p $$')
  }
  return openQueue(device, options)
}

/** What balance() was given as `workerData`. */
export function data<T>(): T {
  return queueData().data as T
}

function queueData(): QueueData {
  const data = (workerData as Record<string, QueueData> | null)?.[QUEUE_DATA]
  if (data === undefined) throw new CaptureError('ERR_CAPTURE_NO_DEVICE', 'this thread was not started by balance()', "attach by name: open('cluster:7@0')")
  return data
}
