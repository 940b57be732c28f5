import { TRACER_CPU } from './build.js'
import { Child } from './child.js'
import { Reader } from './reader.js'
import { isInstalled } from './rivals.js'
import { of, ratio, rounds, type Sample, type Series } from './rounds.js'
import { type Bench, failureNotes, type Result, type Suite } from './suite.js'
import { spreadText, type Table, targetText } from './table.js'
import { type Loop, Workload } from './workload.js'

interface Tracer {
  name: string
  /** The program that must be installed. */
  needs?: string
  /** Nanoseconds that it adds to a call, about: the slower it is, the fewer calls are made. */
  adds: number
  /** Only with this loop. */
  loop?: Loop
  /** How many times slower each loop may become. */
  limits?: Partial<Record<Loop, number>>
  attach(work: Workload): Promise<Attached>
}

interface Attached {
  detach(work: Workload): Promise<Sample>
}

const TRACERS: readonly Tracer[] = [
  { name: 'untraced', adds: 0, attach: async () => ({ detach: async () => ({}) }) },
  { name: 'sysring both', adds: 150, limits: { getppid: 2.7, file: 2.3, tcp: 1.3 }, attach: () => sysring({ events: 'both' }) },
  { name: 'sysring exit', adds: 100, limits: { getppid: 1.95, file: 1.75, tcp: 1.2 }, attach: () => sysring({ events: 'exit' }) },
  { name: 'sysring masked out', adds: 50, limits: { getppid: 1.6 }, attach: () => sysring({ syscalls: ['creat'] }) },
  {
    name: 'sysring filter that keeps 1 of 1000', adds: 50, loop: 'mixed', limits: { mixed: 1.7 },
    attach: () => sysring({ filter: 'evt.type = getuid' }),
  },
  {
    name: 'sysring filter, with what the state needs', adds: 50, loop: 'mixed', limits: { mixed: 1.7 },
    attach: () => sysring({ filter: 'evt.type = getuid and proc.name = mixed and not fd.name contains nowhere' }),
  },
  {
    name: 'bpftrace filter', needs: 'bpftrace', adds: 100, loop: 'mixed',
    attach: () => tool(['bpftrace', '-e', 'tracepoint:syscalls:sys_enter_getuid { printf("%llu %d\\n", nsecs, tid) } tracepoint:syscalls:sys_exit_getuid { printf("%llu %d\\n", nsecs, tid) }']),
  },
  {
    name: 'bpftrace count()', needs: 'bpftrace', adds: 100,
    attach: () => tool(['bpftrace', '-e', 'tracepoint:raw_syscalls:sys_enter { @enter = count() } tracepoint:raw_syscalls:sys_exit { @exit = count() }']),
  },
  {
    name: 'bpftrace printf', needs: 'bpftrace', adds: 10_000,
    attach: ({ pid }) => tool(['bpftrace', '-e', `tracepoint:raw_syscalls:sys_enter /pid == ${pid}/ { printf("%llu %d %d\\n", nsecs, tid, args->id) }`]),
  },
  { name: 'perf trace -a -s', needs: 'perf', adds: 40_000, attach: () => tool(['perf', 'trace', '-a', '-s', '-o', '/dev/null']) },
  { name: 'perf trace -a', needs: 'perf', adds: 40_000, attach: () => tool(['perf', 'trace', '-a', '-o', '/dev/null']) },
  {
    name: 'strace -f', needs: 'strace', adds: 100_000,
    attach: async work => {
      const child = new Child(['strace', '-f', '-o', '/dev/null', '-p', String(work.pid)], { stdout: 'ignore' })
      await work.traced()
      return { detach: async () => (await child.stop(), {}) }
    },
  },
]

const LOOPS: readonly { loop: Loop; about: string; ns: number }[] = [
  { loop: 'getppid', about: 'getppid', ns: 90 },
  { loop: 'mixed', about: 'getppid, each 1000th call another one', ns: 90 },
  { loop: 'file', about: 'open, read, close of a file', ns: 280 },
  { loop: 'tcp', about: 'TCP ping-pong of 64 bytes', ns: 1300 },
]
/** Nanoseconds that a run should take, and the fewest calls that say anything. */
const RUN_NS = 600_000_000
const FEWEST = 8000

/** What it costs a program to be captured. */
export const overhead: Suite = {
  name: 'overhead',
  about: 'what a traced program pays for each call',
  rivals: ['strace', 'perf', 'bpftrace'],
  async run(bench) {
    const tables: Table[] = []
    const all: Series[] = []
    for (const { loop, about, ns } of LOOPS) {
      const tracers = TRACERS.filter(({ name, loop: only }) =>
        name === 'untraced' || (only === undefined ? loop !== 'mixed' : only === loop)).filter(({ name, needs }) =>
        (name === 'untraced' || bench.chosen(`${loop} ${name}`)) && (needs === undefined || isInstalled(needs)))
      if (tracers.length === 1 && !bench.chosen(`${loop} untraced`)) continue
      const series = await rounds(tracers.map(tracer => ({
        name: `${loop} ${tracer.name}`,
        run: () => measure(bench, loop, tracer, Math.max(FEWEST, Math.round(RUN_NS / (ns + tracer.adds)))),
      })), bench)
      all.push(...series)
      tables.push(table(`Overhead: ${about}, pinned to one CPU, the tracer beside it`, loop, tracers, series))
    }
    return { series: all, tables } satisfies Result
  },
}

async function measure(bench: Bench, loop: Loop, tracer: Tracer, calls: number): Promise<Sample> {
  const work = await Workload.start(loop, bench.folder, calls)
  const attached = await tracer.attach(work)
  work.go()
  const { calls: made, wallNs, cpuNs } = await work.finish()
  return { calls: made, nsPerCall: wallNs / made, cpuNsPerCall: cpuNs / made, ...(await attached.detach(work)) }
}

async function sysring(options: object): Promise<Attached> {
  const reader = await Reader.start({ ringBytes: 16 << 20, ...options })
  return {
    async detach(work) {
      const { threads, stats, wallMs, cpuMs } = await reader.finish()
      return { events: threads[work.pid] ?? 0, dropped: stats.dropped.total, readerPercent: 100 * cpuMs / wallMs }
    },
  }
}

/** A tool that traces the whole machine, or what its command line says, until it is interrupted. */
async function tool(command: string[]): Promise<Attached> {
  const child = new Child(command, { cpu: TRACER_CPU, stdout: 'ignore' })
  await child.settled()
  return { detach: async () => (await child.stop(), {}) }
}

function table(title: string, loop: Loop, tracers: readonly Tracer[], series: readonly Series[]): Table {
  const base = series[0]
  return {
    title,
    head: ['tracer', 'ns/call', 'x untraced', 'x by CPU time', 'events/call', 'dropped', 'target'],
    rows: tracers.map(({ limits }, index) => {
      const own = series[index]
      const times = ratio(own, base, 'nsPerCall')
      const perCall = own.samples.flatMap(sample => sample?.events === undefined ? [] : sample.events / sample.calls)
      return [
        own.name.slice(loop.length + 1),
        spreadText(of(own, 'nsPerCall')),
        index === 0 ? '' : spreadText(times),
        index === 0 ? '' : spreadText(ratio(own, base, 'cpuNsPerCall')),
        perCall.length === 0 ? '' : Math.min(...perCall).toFixed(2),
        spreadText(of(own, 'dropped')).replace(/^-$/, ''),
        targetText(times?.median, limits?.[loop]),
      ]
    }),
    notes: [
      'x by CPU time: the same from the CPU time of the loop, which leaves out what other programs took, and the waiting for a tracer that stops it',
      ...(loop === 'tcp' ? ['events/call: those of one end, which makes half of the calls'] : []),
      ...failureNotes(series),
    ],
  }
}
