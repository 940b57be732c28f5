import type { Cluster, ClusterQueueStats, ClusterStats } from '../balance/cluster.js'
import type { Stats } from '../iface/capture.js'
import { percent } from './footer.js'
import { Meter } from './meter.js'

export const RULE = '='.repeat(25)
const DEFAULT_QUEUE_BYTES = 4 << 20

/** How to consume each queue. */
export function commands(cluster: Cluster, what: string): string[] {
  const { queues } = cluster.stats()
  const several = new Set(queues.map(({ application }) => application)).size > 1
  return [
    `cluster ${cluster.id}: ${what}, ${queues.length} ${queues.length === 1 ? 'queue' : 'queues'}`,
    ...queues.map(({ queue, device, application }) => `queue ${queue}${several ? ` of ${application}` : ''}: sysring count -i ${device}`),
  ]
}

/** The counters of a cluster's queues, as zbalance_ipc shows them: absolute, and since the last print. */
export class QueueReport {
  readonly #meter = new Meter()
  readonly #queueBytes: number
  #cpuMs = 0

  constructor(queueBytes = DEFAULT_QUEUE_BYTES) {
    this.#queueBytes = queueBytes
  }

  start(): void {
    this.#meter.start()
  }

  text(stats: ClusterStats, final: boolean): string[] {
    const meter = this.#meter
    meter.step(final)
    const { seen, refused, late, queues, sources } = stats
    const [received, dropped] = [sum(queues, 'received'), sum(queues, 'dropped')]
    const cpu = percent(stats.cpuMs - (final ? 0 : this.#cpuMs), meter.ms)
    this.#cpuMs = stats.cpuMs
    return [
      RULE,
      ...queues.map(queue => queueText(queue, meter.rate(queue.device, queue.received), this.#queueBytes)),
      `Absolute Stats: [${seen} events total][${received} placed][${dropped} dropped][${percent(dropped, received + dropped)}% dropped]${some(refused, 'refused')}${some(late, 'late')}`,
      sourceText(sources),
      `Actual Stats: [${meter.ms.toFixed(2)} ms][${meter.rate('seen', seen)} events/s]${stats.cpuMs > 0 ? `[balancer ${cpu}% of a CPU]` : ''}`,
      RULE,
    ]
  }

  json(stats: ClusterStats, final: boolean): string {
    const meter = this.#meter
    meter.step(final)
    const queues = stats.queues.map(queue => ({ ...queue, rate: meter.rate(queue.device, queue.received) }))
    return JSON.stringify({ final, seconds: seconds(meter.totalMs), ...stats, rate: meter.rate('seen', stats.seen), queues })
  }
}

/** What a queue has got, and whether somebody takes it. */
export function queueText({ queue, received, dropped, filtered, waiting, attached }: ClusterQueueStats, rate: number, queueBytes = DEFAULT_QUEUE_BYTES): string {
  return `queue ${queue}: [${received} events][${dropped} dropped]${some(filtered, 'filtered')}[${rate} events/s][${percent(waiting, queueBytes)}% full][${attached ? 'attached' : 'no consumer'}]`
}

/** What was lost before the balancer. */
export function sourceText(sources: readonly Stats[]): string {
  const dropped = sources.reduce((total, source) => total + source.dropped.total, 0)
  const seen = sources.reduce((total, source) => total + source.seen, 0)
  const filtered = sources.reduce((total, source) => total + source.filtered, 0)
  return `Source Stats: [${seen} seen][${dropped} dropped][${percent(dropped, seen)}% dropped]${some(filtered, 'filtered')}`
}

export function seconds(ms: number): number {
  return Number((ms / 1000).toFixed(3))
}

function some(count: number, what: string): string {
  return count === 0 ? '' : `[${count} ${what}]`
}

function sum(queues: readonly ClusterQueueStats[], counter: 'received' | 'dropped'): number {
  return queues.reduce((total, queue) => total + queue[counter], 0)
}

/** Queues that hold something, of captures that wait for their readers. */
export function heldQueues(waits: boolean, queues: readonly (ClusterQueueStats | undefined)[]): string[] {
  return waits ? queues.flatMap(queue => (queue !== undefined && queue.waiting > 0 ? [queue.device] : [])) : []
}
