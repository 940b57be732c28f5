/** What the thread of a stage runs: reads a queue, asks the stage's function about each record, and fills the next queue. */
import { parentPort, workerData } from 'node:worker_threads'
import { balance } from '../balance/balance.js'
import type { Choice } from '../balance/feed.js'
import { openQueue } from '../cluster/open.js'
import { CaptureError } from '../errors.js'
import type { Event } from '../event/event.js'
import { native } from '../native.js'
import { type FromStage, STAGE_DATA, type StageData, type ToStage } from './thread.js'

/**
 * The default export of a stage's module. False: the record goes no further. A text goes with the record as `ev.note`, in place of
 * what a stage before has said of it. Anything else passes it on as it is.
 */
export type Stage = (ev: Event) => boolean | string | void

const { module, cpu, state, maxWaitMs, output } = (workerData as Record<string, StageData>)[STAGE_DATA]
const port = parentPort!
/** How often it is told how far it is, in ms. */
const REPORT_MS = 100
const post = (message: FromStage) => port.postMessage({ [STAGE_DATA]: message })

async function load(): Promise<Stage> {
  let exported: { default?: unknown }
  try {
    exported = await import(module) as object
  } catch (cause) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `the stage ${module} cannot be loaded: ${(cause as Error).message}`, 'a module whose default export is a function (ev) => boolean | string', cause)
  }
  const stage = exported.default
  if (typeof stage !== 'function' || stage.constructor.name === 'AsyncFunction') {
    throw new CaptureError(
      'ERR_CAPTURE_OPTION', `the default export of the stage ${module} is no function that decides at once`,
      'export default (ev) => ev.dir === "exit"; what has to be awaited first can be, at the top of the module',
    )
  }
  return stage as Stage
}

function chooser(stage: Stage): (ev: Event) => Choice {
  return ev => {
    const verdict = stage(ev)
    return verdict === false ? -1 : typeof verdict === 'string' ? [0, verdict] : 0
  }
}

function asked<Name extends ToStage['ask']>(name: Name): Promise<Extract<ToStage, { ask: Name }>> {
  return new Promise(resolve => port.on('message', (message: ToStage) => {
    if (message.ask === name) resolve(message as Extract<ToStage, { ask: Name }>)
  }))
}

const opens = asked('open')
const stops = asked('stop')
const closes = asked('close')
if (cpu !== undefined && !native().pinThread(cpu)) throw new CaptureError('ERR_CAPTURE_OPTION', `this thread cannot run on CPU ${cpu}`, 'see: taskset -p $$')
const choose = chooser(await load())
post({ ready: true })

const start = await Promise.race([opens, closes])
if (start.ask === 'open') {
  const capture = await openQueue(start.input, { state, stateEvents: true, ...(maxWaitMs !== undefined && { maxWaitMs }) })
  const cluster = await balance(capture, { ...output, queues: 1, by: choose })
  void stops.then(() => cluster.stop())
  post({ device: cluster.devices[0] })
  const timer = setInterval(() => post({ stats: cluster.stats() }), REPORT_MS)
  const failure = await cluster.ended.then(() => undefined, (error: unknown) => error ?? new Error('a stage threw nothing'))
  post({ stats: cluster.stats() })
  post(failure === undefined ? { done: true } : { failed: failure, code: (failure as CaptureError).code, hint: (failure as CaptureError).hint })
  // Who attaches late still finds the queue, with what came before a failure.
  await closes
  clearInterval(timer)
  await cluster.close().catch(() => {}) // it has been told
}
port.close()
