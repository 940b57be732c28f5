import { type BalanceOptions, checkBalanceOptions } from '../balance/options.js'
import { CaptureError } from '../errors.js'

/** Options of pipeline(). Owner, group, mode and path are those of the last queue: nobody else can read those between the stages. */
export interface PipelineOptions
  extends Pick<BalanceOptions, 'id' | 'owner' | 'group' | 'mode' | 'path' | 'queueBytes' | 'full' | 'maxWaitMs' | 'windowMs' | 'cpu'> {
  /** Stages may ask for `ev.thread`, `ev.fd` and `ev.field()`. Costs each of them what following all events costs. */
  state?: boolean
  /** What `data()` of 'sysring/worker' gives in the stages. */
  stageData?: unknown
  /** CPUs of the stages' threads, in their order. */
  stageCpus?: readonly number[]
  /** What stages post with parentPort.postMessage(). */
  onMessage?: (message: unknown, stage: number) => void
}

const OF_BALANCE = ['id', 'owner', 'group', 'mode', 'path', 'queueBytes', 'full', 'maxWaitMs', 'windowMs', 'cpu']
const OF_STAGES = ['state', 'stageData', 'stageCpus', 'onMessage']

/** Every stage has a thread and a queue. */
const MAX_STAGES = 64

/** @throws CaptureError ERR_CAPTURE_OPTION */
export function checkPipelineOptions(stages: readonly unknown[], options: PipelineOptions): void {
  const unknown = Object.keys(options).find(name => !OF_BALANCE.includes(name) && !OF_STAGES.includes(name))
  if (unknown !== undefined) throw new CaptureError('ERR_CAPTURE_OPTION', `there is no option ${unknown}`, `one of ${[...OF_BALANCE, ...OF_STAGES].join(', ')}`)
  const { state: _state, stageData: _data, stageCpus: _cpus, onMessage: _onMessage, ...others } = options
  checkBalanceOptions(others)
  if (stages.length < 1 || stages.length > MAX_STAGES) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `a pipeline has 1 to ${MAX_STAGES} stages, not ${stages.length}`, "pipeline(await open('sysdig'), [new URL('./stage.js', import.meta.url)])")
  }
}
