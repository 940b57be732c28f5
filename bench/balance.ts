import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { BALANCED, compileNative, QUEUE, TRACER_CPU, WORK_CPU } from './build.js'
import { Child, sleep } from './child.js'
import { Reader } from './reader.js'
import { of, ratio, rounds, type Sample, type Series } from './rounds.js'
import { type Bench, failureNotes, type Result, type Suite } from './suite.js'
import { spreadText, type Table, targetText } from './table.js'
import { Workload } from './workload.js'

const MIN_MILLIONS = 60
const MAX_WAKE_US = 5
const MAX_BALANCER_PERCENT = 25
const RING_BYTES = 16 << 20

/** Who reads the queue: a worker thread, or in its place the same in C++. */
const CONSUMERS = ['worker thread', 'C++'] as const

/** What a queue and the balancer cost. */
export const balance: Suite = {
  name: 'balance',
  about: 'a queue to a worker thread: records/s and wake latency; a getppid loop balanced over two workers: drops, CPU of the balancer',
  rivals: [],
  async run(bench) {
    const cases = [
      ...CONSUMERS.flatMap(consumer => (['rate', 'wake'] as const).map(mode => ({ name: `queue ${mode}: ${consumer}`, run: () => queue(bench, mode, consumer) }))),
      ...CONSUMERS.map(consumer => ({ name: `queue wake: ${consumer}, CPUs kept awake`, run: () => awake(() => queue(bench, 'wake', consumer)) })),
      { name: 'live: balanced', run: () => live(bench, balanced) },
      { name: 'live: unbalanced', run: () => live(bench, unbalanced) },
    ].filter(({ name }) => bench.chosen(name))
    const series = await rounds(cases, bench)
    return { series, tables: tables(series) } satisfies Result
  },
}

async function queue(bench: Bench, mode: 'rate' | 'wake', consumer: typeof CONSUMERS[number]): Promise<Sample> {
  const count = mode === 'wake' ? 20_000 : bench.quick ? 50_000_000 : 200_000_000
  const path = join('/dev/shm', `sysring-bench-${process.pid}`)
  const producer = new Child([compileNative('produce', bench.folder), path, mode, String(count), String(WORK_CPU)])
  await producer.line()
  producer.send('\n')
  const command = consumer === 'C++' ? [compileNative('consume', bench.folder), path] : [...QUEUE, `cluster:${path}@0`]
  const reader = new Child(consumer === 'C++' ? [...command, String(TRACER_CPU)] : command, { cpu: TRACER_CPU })
  await reader.line()
  const seen = JSON.parse(await reader.line(120_000)) as { events: number; wallMs: number; cpuMs: number; bursts: number; p50: number; p90: number }
  await Promise.all([reader.exit, producer.exit])
  if (seen.events !== count) throw new Error(`${seen.events} records were read, not ${count}`)
  const { events, wallMs, cpuMs, bursts, p50, p90 } = seen
  return { events, millions: events / wallMs / 1000, ns: 1e6 * cpuMs / events, bursts, p50, p90 }
}

/** With CPUs that do not halt when there is nothing to do. Source: Documentation/power/pm_qos_interface.rst. */
async function awake<T>(run: () => Promise<T>): Promise<T> {
  const held = openSync('/dev/cpu_dma_latency', 'w')
  try {
    writeSync(held, new Uint8Array(4))
    return await run()
  } finally {
    closeSync(held)
  }
}

/** Captures a getppid loop at full rate for a while. */
async function live(bench: Bench, capture: (ms: number) => Promise<Sample>): Promise<Sample> {
  const work = await Workload.start('getppid', bench.folder)
  work.go()
  await sleep(100)
  try {
    return await capture(bench.quick ? 3000 : 5000)
  } finally {
    await work.finish(true)
  }
}

async function balanced(ms: number): Promise<Sample> {
  const child = new Child(BALANCED, { cpu: TRACER_CPU })
  await child.line()
  await sleep(ms)
  child.end()
  const seen = JSON.parse(await child.line()) as { made: number; lost: number; dropped: number; events: number; wallMs: number; cpuMs: number; balancerMs: number }
  await child.exit
  const { made, lost, dropped, events, wallMs, cpuMs, balancerMs } = seen
  return {
    made, read: events, dropped: lost + dropped, unexplained: made - lost - dropped - events, millions: events / wallMs / 1000,
    percent: 100 * cpuMs / wallMs, balancerPercent: 100 * balancerMs / wallMs, ns: 1e6 * balancerMs / Math.max(1, events),
  }
}

async function unbalanced(ms: number): Promise<Sample> {
  const reader = await Reader.start({ ringBytes: RING_BYTES })
  await sleep(ms)
  const { events, stats, wallMs, cpuMs } = await reader.finish()
  const made = stats.seen - stats.filtered
  return { made, read: events, dropped: stats.dropped.total, unexplained: made - stats.dropped.total - events, millions: events / wallMs / 1000, percent: 100 * cpuMs / wallMs }
}

function tables(series: readonly Series[]): Table[] {
  const named = (part: string) => series.filter(({ name }) => name.startsWith(part))
  const numbers = (own: Series, ...keys: string[]) => keys.map(key => spreadText(of(own, key)))
  const short = ({ name }: Series) => name.slice(name.indexOf(': ') + 2)
  const isOurs = (own: Series) => !short(own).startsWith('C++')
  const [rates, wakes, lives] = [named('queue rate'), named('queue wake'), named('live')]
  const compared = (own: Series, others: readonly Series[], key: string) => {
    const other = others.find(each => short(each) === short(own).replace('worker thread', 'C++'))
    return other === undefined || !isOurs(own) ? '' : spreadText(ratio(own, other, key))
  }
  return [
    {
      title: 'Queue: records of 80 bytes from a producer in C++, a queue of 4 MiB, a CPU each',
      head: ['read by', 'M records/s', 'x C++', 'CPU ns/record', 'target'],
      rows: rates.map(own => [short(own), ...numbers(own, 'millions'), compared(own, rates, 'millions'), ...numbers(own, 'ns'), isOurs(own) ? targetText(of(own, 'millions')?.median, MIN_MILLIONS, true) : '']),
      notes: ['read: time, thread, type and length; CPU: with the start of the process', ...failureNotes(rates)],
    },
    {
      title: 'Queue: from the stamp of a record to the loop of a consumer that sleeps',
      head: ['read by', 'p50 µs', 'x C++', 'p90 µs', 'target'],
      rows: wakes.map(own => [short(own), ...numbers(own, 'p50'), compared(own, wakes, 'p50'), ...numbers(own, 'p90'), isOurs(own) ? targetText(of(own, 'p50')?.median, MAX_WAKE_US) : '']),
      notes: ["C++: what the kernel's futex takes on this machine to wake somebody; kept awake: with 0 in /dev/cpu_dma_latency", ...failureNotes(wakes)],
    },
    {
      title: 'Live: a getppid loop on one CPU; on the other one the balancer and two workers, or a reader without them',
      head: ['capture', 'M events/s', 'events made', 'dropped', 'unexplained', 'balancer %', 'balancer ns/event', 'process CPU %', 'target'],
      rows: lives.map(own => [
        short(own), ...numbers(own, 'millions', 'made', 'dropped', 'unexplained', 'balancerPercent', 'ns', 'percent'),
        short(own) === 'balanced' ? `drops ${targetText(of(own, 'dropped')?.max, 0)}, balancer % ${targetText(of(own, 'balancerPercent')?.median, MAX_BALANCER_PERCENT)}` : '',
      ]),
      notes: ['two queues of 16 MiB in turns, rings of 16 MiB', ...failureNotes(lives)],
    },
  ].filter(({ rows }) => rows.length > 0)
}
