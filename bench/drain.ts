import { Reader, type Seen } from './reader.js'
import { of, rounds, type Sample, type Series } from './rounds.js'
import { type Bench, failureNotes, type Result, type Suite } from './suite.js'
import { spreadText, type Table, targetText } from './table.js'
import { sleep } from './child.js'
import { Workload } from './workload.js'

const RING_BYTES = 16 << 20
const MAX_PERCENT = 35

/** Can JavaScript keep up with a system call loop that has a CPU for itself? */
export const drain: Suite = {
  name: 'drain',
  about: 'a reader in JavaScript behind a getppid loop at full speed: drops, CPU use',
  rivals: [],
  async run(bench) {
    const models = ['both', 'exit'] as const
    const cases = models.flatMap(events => [
      { name: `${events}, into a running loop`, run: () => running(bench, events) },
      { name: `${events}, a number of calls`, run: () => counted(bench, events) },
    ]).filter(({ name }) => bench.chosen(name))
    const series = await rounds(cases, bench)
    return { series, tables: tables(series) } satisfies Result
  },
}

/** The capture is opened while the loop runs at full speed: its first second is the hardest. */
async function running(bench: Bench, events: string): Promise<Sample> {
  const work = await Workload.start('getppid', bench.folder)
  work.go()
  await sleep(100)
  const reader = await Reader.start({ events, ringBytes: RING_BYTES })
  await sleep(bench.quick ? 3000 : 5000)
  const seen = await reader.finish()
  await work.finish(true)
  return sample(seen, seen.stats.seen - seen.stats.filtered)
}

/** Delivered + dropped against the calls that the loop itself counted. */
async function counted(bench: Bench, events: string): Promise<Sample> {
  const work = await Workload.start('getppid', bench.folder, 12_000_000)
  const reader = await Reader.start({ events, ringBytes: RING_BYTES })
  work.go()
  const { calls } = await work.finish()
  const seen = await reader.finish()
  const made = calls * (events === 'both' ? 2 : 1)
  // What is missing of the loop's own events must be among the counted drops, which may be other programs' too.
  return { ...sample(seen, made), unexplained: Math.max(0, made - (seen.threads[work.pid] ?? 0) - seen.stats.dropped.total) }
}

function sample(seen: Seen, made: number): Sample {
  const { stats, wallMs, cpuMs, slowestMs, seconds, rssMb, events } = seen
  const turns = seconds.map(({ longestTurnMs }) => longestTurnMs)
  return {
    made, delivered: stats.delivered, read: events, dropped: stats.dropped.total, late: stats.late,
    droppedFirst: seconds[0].dropped,
    millions: events / wallMs / 1000,
    percent: 100 * cpuMs / wallMs,
    firstPercent: seconds[0].cpuUs / 10_000,
    nsPerEvent: 1e6 * cpuMs / Math.max(1, events),
    bursts: seconds.reduce((sum, { bursts }) => sum + bursts, 0) / wallMs * 1000,
    slowestMs, longestTurnMs: Math.max(...turns), rssMb,
  }
}

function tables(series: readonly Series[]): Table[] {
  const numbers = (own: Series, ...keys: string[]) => keys.map(key => spreadText(of(own, key)))
  return [
    {
      title: 'Drain: a getppid loop on one CPU, a Node process on the other, rings of 16 MiB',
      head: ['capture', 'M events/s', 'events made', 'dropped', 'in the first s', 'unexplained', 'CPU %', 'in the first s', 'target'],
      rows: series.map(own => [
        own.name,
        ...numbers(own, 'millions', 'made', 'dropped', 'droppedFirst', 'unexplained', 'percent', 'firstPercent'),
        `drops ${targetText(of(own, 'dropped')?.max, 0)}, CPU % ${targetText(of(own, 'percent')?.median, MAX_PERCENT)}`,
      ]),
      notes: ['CPU %: of one core, from the opening of the capture to its end', ...failureNotes(series)],
    },
    {
      title: 'Drain: how',
      head: ['capture', 'CPU ns/event', 'bursts/s', 'latest ms', 'longest turn ms', 'out of order', 'RSS MB', ''],
      rows: series.map(own => [own.name, ...numbers(own, 'nsPerEvent', 'bursts', 'slowestMs', 'longestTurnMs', 'late', 'rssMb'), '']),
      notes: ['latest: the oldest that an event was when its burst came; longest turn: from one burst to the next'],
    },
  ]
}
