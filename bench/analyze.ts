import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { ANALYZER, COMMAND, TRACER_CPU } from './build.js'
import { Child } from './child.js'
import { isInstalled } from './rivals.js'
import { of, ratio, rounds, type Sample, type Series } from './rounds.js'
import { type Bench, failureNotes, type Result, type Suite } from './suite.js'
import { spreadText, type Table, targetText } from './table.js'
import { timed } from './timed.js'
import { makeTrace } from './trace.js'
import { type Loop, Workload } from './workload.js'

/** So that V8's first second, in which code gets hot, is not most of it; and with --quick, where it counts for more. */
const EVENTS = 30_000_000
const EVENTS_QUICK = 10_000_000
const NAMES = ['topprocs_net', 'topfiles_bytes', 'topscalls'] as const

interface Reader {
  name: string
  needs?: string
  command(analyzer: string, file: string): string[]
  /** The reader that it is measured against, and how many times faster it should be. */
  against?: string
  atLeast?: number
}

const sysring = (analyzer: string, file: string, workers: number) => [...COMMAND, 'run', analyzer, '-r', file, '--workers', String(workers), '-q']

const READERS: readonly Reader[] = [
  { name: 'sysdig -c', needs: 'sysdig', command: (analyzer, file) => ['sysdig', '-r', file, '-c', analyzer] },
  { name: 'sysring run', command: (analyzer, file) => sysring(analyzer, file, 1), against: 'sysdig -c', atLeast: 2 },
  { name: 'sysring run --workers 2', command: (analyzer, file) => sysring(analyzer, file, 2), against: 'sysring run', atLeast: 1.5 },
]

/** Loops that the analyzer watches, and what of a core it may take for a million events a second of theirs. */
const LIVE: readonly { loop: Loop; about: string }[] = [
  { loop: 'tcp', about: 'TCP ping-pong: each call counts' },
  { loop: 'getppid', about: 'getppid: no call counts' },
]
const MAX_PERCENT = 60

/** Analyzers: over files beside sysdig's chisels, and live. */
export const analyze: Suite = {
  name: 'analyze',
  about: 'analyzers over a file of 30 million events (--quick: 10), and live',
  rivals: ['sysdig'],
  async run(bench) {
    const jobs = NAMES.flatMap(analyzer => READERS.filter(({ needs }) => needs === undefined || isInstalled(needs)).map(reader => ({ analyzer, reader })))
      .filter(({ analyzer, reader }) => bench.chosen(`${analyzer} ${reader.name}`))
    const live = LIVE.filter(({ loop }) => bench.chosen(`live ${loop}`))
    const file = join(bench.folder, 'trace.scap')
    let events = 0
    if (jobs.length > 0) {
      bench.progress('making a trace')
      events = makeTrace(file, bench.quick ? EVENTS_QUICK : EVENTS)
    }
    const series = await rounds([
      ...jobs.map(({ analyzer, reader }) => ({ name: `${analyzer} ${reader.name}`, run: () => read(bench, reader.command(analyzer, file), events) })),
      ...live.map(({ loop }) => ({ name: `live ${loop}`, run: () => watch(bench, loop) })),
    ], bench)
    rmSync(file, { force: true })
    return { series, tables: [
      ...jobs.length > 0 ? [files(jobs, series, events)] : [],
      ...live.length > 0 ? [lives(live, series.slice(jobs.length))] : [],
    ] } satisfies Result
  },
}

async function read(bench: Bench, command: string[], events: number): Promise<Sample> {
  const sample = await timed(command, bench.folder)
  return { ...sample, millions: events / sample.wallMs / 1000 }
}

/** topprocs_net beside a loop at full speed, for some seconds. */
async function watch(bench: Bench, loop: Loop): Promise<Sample> {
  const child = new Child([...ANALYZER, 'topprocs_net'], { cpu: TRACER_CPU })
  await child.line()
  const work = await Workload.start(loop, bench.folder)
  work.go()
  await new Promise(resolve => setTimeout(resolve, bench.quick ? 3000 : 6000))
  const { calls, wallNs } = await work.finish(true)
  child.end()
  const { events, cpuMs, wallMs, dropped, rssMb } = JSON.parse(await child.line()) as Record<string, number>
  await child.exit
  return { events, dropped, rssMb, percent: 100 * cpuMs / wallMs, nsPerEvent: 1e6 * cpuMs / Math.max(1, events), made: calls * 1e3 / wallNs, millions: events / wallMs / 1000 }
}

function files(jobs: readonly { analyzer: string; reader: Reader }[], series: readonly Series[], events: number): Table {
  const rows = jobs.map(({ analyzer, reader }, index) => {
    const own = series[index]
    const other = jobs.findIndex(job => job.analyzer === analyzer && job.reader.name === reader.against)
    const times = other < 0 ? undefined : ratio(own, series[other], 'millions')
    return [
      own.name,
      ...['millions', 'wallMs', 'cpuMs', 'rssMb'].map(key => spreadText(of(own, key))),
      times === undefined ? '' : `${spreadText(times)} x ${reader.against}`,
      targetText(times?.median, reader.atLeast, true),
    ]
  })
  return {
    title: `Analyzers: whole processes over ${(events / 1e6).toFixed(1)} M events, the file in the page cache`,
    head: ['analyzer', 'M events/s', 'wall ms', 'CPU ms', 'peak RSS MB', 'speed', 'target'],
    rows,
    notes: failureNotes(series),
  }
}

function lives(live: typeof LIVE, series: readonly Series[]): Table {
  return {
    title: 'Analyzers, live: topprocs_net on one CPU, a loop on the other, a report a second',
    head: ['loop', 'M calls/s', 'M events/s looked at', 'dropped', 'CPU %', 'CPU ns/event', 'RSS MB', 'target'],
    rows: live.map(({ about }, index) => {
      const own = series[index]
      return [
        about,
        ...['made', 'millions', 'dropped', 'percent', 'nsPerEvent', 'rssMb'].map(key => spreadText(of(own, key))),
        `drops ${targetText(of(own, 'dropped')?.max, 0)}, CPU % ${targetText(of(own, 'percent')?.median, MAX_PERCENT)}`,
      ]
    }),
    notes: ['M calls/s: of the loop\'s own count; of the ping-pong its other end makes as many in the same time', ...failureNotes(series)],
  }
}
