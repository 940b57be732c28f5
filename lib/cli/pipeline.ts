import type { Pipeline, PipelineStats } from '../pipeline/pipeline.js'
import { integer, list, parse } from './args.js'
import { attend } from './attend.js'
import { CLUSTER_OPTIONS, clusterOptions } from './clusteroptions.js'
import { Meter } from './meter.js'
import { heldQueues, queueText, RULE, seconds, sourceText } from './queues.js'
import { OK, UsageError } from './report.js'
import { LIVE_OPTIONS, openSources, SOURCE_OPTIONS } from './source.js'

const { numevents: _numevents, ...SOURCE } = SOURCE_OPTIONS

const OPTIONS = {
  ...SOURCE,
  filter: { value: 'EXPR', help: 'only what this keeps goes to the first stage' },
  state: { group: 'Stages', help: 'stages may ask for the process, the fd and the fields of an event' },
  cpus: { value: 'A,B,…', help: 'CPUs of the threads of the stages' },
  ...CLUSTER_OPTIONS,
  ...LIVE_OPTIONS,
  quiet: { group: 'Output', short: 'q', help: 'only the command of the consumer, and the counts at the end' },
  json: { help: 'the counts as one JSON object per line' },
} as const

/** Lets captures go through stages, each on a thread of its own, in the way of PF_RING's zpipeline. */
export async function run(args: string[]): Promise<number> {
  const values = parse('pipeline', '[-i DEV … | -r FILE …] [-c ID] [OPTION …] STAGE.js …', OPTIONS, args, { takesOperands: true })
  if (values === undefined) return OK
  const { operands: stages = [], filter, state, cpus, quiet, json, ...others } = values
  if (stages.length === 0) throw new UsageError('there is no stage', 'sysring pipeline -i sysdig ./stage.js, a module whose default export is (ev) => boolean | string')
  const options = {
    ...clusterOptions(values),
    state: state === true,
    stageCpus: list(cpus)?.map(cpu => integer('--cpus', cpu, 0)!) ?? [],
  }
  const report = new StageReport()
  let waits = false
  return attend<Pipeline>({
    async open(signal) {
      const captures = await openSources(signal, others, { metadata: true, stateEvents: true, ...(filter !== undefined && { filter }) })
      waits = captures.every(({ canWait }) => canWait)
      const { pipeline } = await import('../pipeline/pipeline.js')
      return pipeline(captures, stages, options).catch(async error => {
        await Promise.all(captures.map(capture => capture.close()))
        throw error
      })
    },
    begin(chain) {
      report.start()
      return json === true ? [report.json(chain.stats(), false)] : [`pipeline ${chain.id}: ${stages.join(' → ')}`, `queue 0: sysring count -i ${chain.device}`]
    },
    lines: (chain, final) => (json === true ? [report.json(chain.stats(), final)] : report.text(chain.stats(), final)),
    held: chain => heldQueues(waits, [chain.stats().queue]),
    quiet: quiet === true,
  })
}

/** The counters of the stages: absolute, and since the last print. */
class StageReport {
  readonly #meter = new Meter()

  start(): void {
    this.#meter.start()
  }

  text({ seen, dropped, stages, queue, sources }: PipelineStats, final: boolean): string[] {
    const meter = this.#meter
    meter.step(final)
    return [
      RULE,
      ...stages.map(({ stage, seen, passed, refused, dropped }, index) =>
        `stage ${index + 1} ${stage}: [${seen} seen][${passed} passed][${refused} refused][${dropped} dropped][${meter.rate(`${index}`, seen)} events/s]`),
      ...(queue === undefined ? [] : [queueText(queue, meter.rate('queue', queue.received))]),
      `Absolute Stats: [${seen} events total][${dropped} dropped before the first stage]`,
      sourceText(sources),
      `Actual Stats: [${meter.ms.toFixed(2)} ms][${meter.rate('seen', seen)} events/s]`,
      RULE,
    ]
  }

  json(stats: PipelineStats, final: boolean): string {
    const meter = this.#meter
    meter.step(final)
    const stages = stats.stages.map((stage, index) => ({ ...stage, rate: meter.rate(`${index}`, stage.seen) }))
    return JSON.stringify({ final, seconds: seconds(meter.totalMs), ...stats, rate: meter.rate('seen', stats.seen), stages })
  }
}
