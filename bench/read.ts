import { rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { BUNDLE_URL, COMMAND } from './build.js'
import { isInstalled } from './rivals.js'
import { of, ratio, rounds, type Sample, type Series, type Spread } from './rounds.js'
import { type Bench, failureNotes, type Result, type Suite } from './suite.js'
import { spreadText, type Table, targetText } from './table.js'
import { timed } from './timed.js'
import { makeTrace } from './trace.js'

/** Of these the trace has no events: all of it is searched. */
const FILTER = 'evt.type=open and proc.name=cat'
const ANCESTOR_FILTER = 'proc.aname=sleep'
/** And of these it has some, from early on, whose lines name what has happened before. */
const FD_FILTER = 'fd.name contains big.bin'
const FAILED_FILTER = 'evt.type=openat and evt.failed=true'
const PROGRAM_FILTER = 'evt.type=openat and proc.name=httpd'
const MAX_RSS_MB = 120

interface Job {
  /** Jobs of one task are compared with each other. */
  task: string
  name: string
  needs?: string
  file: 'large' | 'huge' | 'small' | 'pcap'
  command(file: string, out: string): string[]
  /** What it writes, to be removed after each run. */
  writes?: string
  /** The job of the same task that this one is measured against, and how many times faster it should be. */
  against?: string
  atLeast?: number
  /** Its memory is to stay below MAX_RSS_MB. */
  maxRss?: true
}

const sysring = (...args: string[]): string[] => [...COMMAND, ...args]

const JOBS: readonly Job[] = [
  { task: 'headers', name: 'sysring count', file: 'large', against: 'sysdig filter', atLeast: 3, maxRss: true, command: file => sysring('count', '-r', file) },
  { task: 'headers', name: 'sysring count, 10 x the length', file: 'huge', maxRss: true, command: file => sysring('count', '-r', file) },
  { task: 'headers', name: 'sysdig filter', needs: 'sysdig', file: 'large', command: file => ['sysdig', '-r', file, FILTER] },
  { task: 'headers', name: 'capinfos', needs: 'capinfos', file: 'large', command: file => ['capinfos', file] },
  { task: 'headers', name: 'cat', file: 'large', command: file => ['cat', file] },
  { task: 'headers of fewer', name: 'sysring count', file: 'small', against: 'tshark -Y', command: file => sysring('count', '-r', file) },
  { task: 'headers of fewer', name: 'tshark -Y', needs: 'tshark', file: 'small', command: file => ['tshark', '-n', '-r', file, '-Y', 'frame.len == 1'] },
  { task: 'lines', name: 'sysring dump', file: 'large', against: 'sysdig', atLeast: 2.5, maxRss: true, command: file => sysring('dump', '-q', '-r', file) },
  { task: 'lines', name: 'sysring dump, 10 x the length', file: 'huge', maxRss: true, command: file => sysring('dump', '-q', '-r', file) },
  { task: 'lines', name: 'sysdig', needs: 'sysdig', file: 'large', command: file => ['sysdig', '-r', file] },
  { task: 'lines of fewer', name: 'sysring dump', file: 'small', against: 'tshark', command: file => sysring('dump', '-q', '-r', file) },
  { task: 'lines of fewer', name: 'tshark', needs: 'tshark', file: 'small', command: file => ['tshark', '-n', '-r', file] },
  ...[[FILTER, 2.5], [ANCESTOR_FILTER, 1], [FD_FILTER, 1], [FAILED_FILTER, 1], [PROGRAM_FILTER, 1]].flatMap(([filter, atLeast]): Job[] => [
    { task: `${filter}`, name: 'sysring dump', file: 'large', against: 'sysdig', atLeast: Number(atLeast), maxRss: true, command: file => sysring('dump', '-q', '-r', file, `${filter}`) },
    { task: `${filter}`, name: 'sysdig', needs: 'sysdig', file: 'large', command: file => ['sysdig', '-r', file, `${filter}`] },
  ]),
  { task: '.scap to .scap', name: 'sysring dump -w', file: 'large', against: 'sysdig -w', writes: 'out.scap', command: (file, out) => sysring('dump', '-q', '-r', file, '-w', out) },
  { task: '.scap to .scap', name: 'sysdig -w', needs: 'sysdig', file: 'large', writes: 'out.scap', command: (file, out) => ['sysdig', '-r', file, '-w', out] },
  { task: '.scap to pcapng', name: 'ethernet', file: 'large', writes: 'out.pcapng', command: (file, out) => sysring('dump', '-q', '-r', file, '-w', out) },
  { task: '.scap to pcapng', name: 'scap', file: 'large', writes: 'out.pcapng', command: (file, out) => sysring('dump', '-q', '-r', file, '-w', out, '--framing', 'scap') },
  { task: '.pcap', name: 'sysring count', file: 'pcap', against: 'pcap-parser', command: file => sysring('count', '-r', file) },
  { task: '.pcap', name: 'pcap-parser', needs: 'pcap-parser', file: 'pcap', command: file => [process.execPath, '-e', packetCounter(), file] },
  { task: '.pcap', name: 'tcpdump -w', needs: 'tcpdump', file: 'pcap', command: file => ['tcpdump', '-n', '-r', file, '-w', '/dev/null'] },
]

/** The same with the npm package: counts packets and their lengths. */
function packetCounter(): string {
  const path = createRequire(import.meta.url).resolve('pcap-parser')
  return `let n = 0; const p = require(${JSON.stringify(path)}).parse(process.argv[1]); p.on('packet', ({ header }) => { n += header.capturedLength }); p.on('end', () => console.log(n))`
}

/** Files: reading headers, printing, writing. Whole processes, start-up included, the file in the page cache. */
export const read: Suite = {
  name: 'read',
  about: 'files of millions of events: counting, printing, writing',
  rivals: ['sysdig', 'tshark', 'capinfos', 'tcpdump', 'pcap-parser'],
  async run(bench) {
    const jobs = JOBS.filter(({ task, name, needs }) => bench.chosen(`${task}: ${name}`) && (needs === undefined || isInstalled(needs)))
    const files = await makeFiles(bench, new Set(jobs.map(({ file }) => file)))
    const series = await rounds(jobs.map(job => ({ name: `${job.task}: ${job.name}`, run: () => run(bench, job, files) })), bench)
    for (const { path } of files.values()) rmSync(path, { force: true })
    return { series, tables: [table(jobs, series, files)] } satisfies Result
  },
}

type Files = Map<Job['file'], { path: string; events: number }>

async function makeFiles(bench: Bench, wanted: Set<Job['file']>): Promise<Files> {
  const files: Files = new Map()
  const make = (name: Job['file'], events: number) => {
    bench.progress(`making a trace of ${events} events`)
    const path = join(bench.folder, `${name}.scap`)
    files.set(name, { path, events: makeTrace(path, events) })
  }
  if (wanted.has('large')) make('large', 3_000_000)
  if (wanted.has('huge')) make('huge', 30_000_000)
  if (wanted.has('small') || wanted.has('pcap')) make('small', 500_000)
  if (wanted.has('pcap')) {
    const { path, events } = files.get('small')!
    const pcap = join(bench.folder, 'small.pcap')
    // In microseconds: pcap-parser knows no others.
    const convert = `const { openFile, writeFile } = await import(${JSON.stringify(BUNDLE_URL)}); await writeFile(await openFile(${JSON.stringify(path)}), ${JSON.stringify(pcap)}, { precision: 'us' })`
    await timed([process.execPath, '--input-type=module', '-e', convert], bench.folder)
    files.set('pcap', { path: pcap, events })
  }
  return files
}

async function run(bench: Bench, job: Job, files: Files): Promise<Sample> {
  const { path, events } = files.get(job.file)!
  const out = join(bench.folder, job.writes ?? 'out')
  try {
    const sample = await timed(job.command(path, out), bench.folder)
    if (job.writes !== undefined) sample.writtenMb = statSync(out).size / 1e6
    return { ...sample, millions: events / sample.wallMs / 1000 }
  } finally {
    rmSync(out, { force: true })
  }
}

function table(jobs: readonly Job[], series: readonly Series[], files: Files): Table {
  const rows = jobs.map((job, index) => {
    const own = series[index]
    const other = jobs.findIndex(({ task, name }) => task === job.task && name === job.against)
    const times = other < 0 ? undefined : ratio(own, series[other], 'millions')
    const rss = of(own, 'rssMb')
    return [
      own.name,
      `${(files.get(job.file)!.events / 1e6).toFixed(1)} M`,
      spreadText(of(own, 'millions')),
      spreadText(of(own, 'wallMs')),
      spreadText(of(own, 'cpuMs')),
      times === undefined ? '' : `${spreadText(times)} x ${job.against}`,
      spreadText(rss),
      targets(job, times, rss),
    ]
  })
  return {
    title: 'Read: whole processes, output to /dev/null or a file, input in the page cache',
    head: ['job', 'events', 'M events/s', 'wall ms', 'CPU ms', 'speed', 'peak RSS MB', 'target'],
    rows,
    notes: failureNotes(series),
  }
}

function targets(job: Job, times: Spread | undefined, rss: Spread | undefined): string {
  const speed = targetText(times?.median, job.atLeast, true)
  const memory = job.maxRss === true ? `RSS ${targetText(rss?.max, MAX_RSS_MB)}` : ''
  return [speed, memory].filter(text => text !== '').join(', ')
}
