import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CaptureError, isCaptureError } from '../errors.js'
import type { Event } from '../event/event.js'
import { writeFile } from '../export/file.js'
import { DEFAULT_FORMAT } from '../field/formatter.js'
import { lineFormat } from '../field/lineformat.js'
import type { Capture, CpuStats } from '../iface/capture.js'
import { number, parse } from './args.js'
import { footerLines, rate } from './footer.js'
import { interruptible } from './interrupt.js'
import { Output } from './output.js'
import { OK } from './report.js'

const OPTIONS = {
  duration: { short: 'd', value: 'SECONDS', help: 'how long to capture (default: 10)' },
} as const

/** The package's root is one folder up from the bundle, and two from the source. */
const TRACE = relative('', ['../examples/trace.scap.gz', '../../examples/trace.scap.gz']
  .map(path => fileURLToPath(new URL(path, import.meta.url)))
  .find(path => existsSync(path)) ?? 'trace.scap.gz')
const FILE = 'sysdig.pcapng'
/** Enough for a look, and at most some 300 MB on the disk, whatever the machine does. */
const MAX_EVENTS = 3_000_000
/** As many lines per second as a person can read, and as much of each. */
const LINES = 20
const line = lineFormat(DEFAULT_FORMAT)
const COLUMNS = process.stdout.columns ?? 160

/** What `npm start` runs: the main job of the library, once, with something to look at afterwards. */
export async function run(args: string[]): Promise<number> {
  const values = parse('demo', '[-d SECONDS]', OPTIONS, args)
  if (values === undefined) return OK
  const seconds = number('-d', values.duration, 0.1, 3600) ?? 10

  const live = await openLive(seconds)
  await using capture = live ?? await openTrace()
  const out = new Output()
  const sample = new Sample(capture, out)
  const started = performance.now()
  const flush = setInterval(() => void out.flush().catch(() => capture.close()), 100)
  try {
    await writeFile(capture, FILE, { onEvent: event => sample.look(event) })
  } finally {
    clearInterval(flush)
  }
  sample.end()
  out.line('')
  for (const line of footerLines(capture.stats(), (performance.now() - started) / 1000, true)) out.line(line)
  if (capture.stats().delivered === MAX_EVENTS) out.line(`ended at ${MAX_EVENTS} events, to keep ${FILE} small`)
  out.line(whatNow(live !== undefined))
  await out.flush()
  return OK
}

function whatNow(live: boolean): string {
  return `
Everything is in ${FILE}. To look at it:
  tcpdump -r ${FILE} | head
  tshark -r ${FILE} -c 10
  npx sysring dump -r ${FILE} | head
and for sysdig:
  npx sysring dump ${live ? '-i sysdig -d 5' : `-r ${TRACE}`} -w trace.scap && sysdig -r trace.scap | head`
}

async function openLive(seconds: number): Promise<Capture | undefined> {
  try {
    const [{ open }, { consumers }] = await Promise.all([import('../open.js'), import('./consumers.js')])
    const { pids: deny, children } = consumers()
    const pids = { deny, children }
    const capture = await interruptible(signal => open('sysdig', { signal, maxDurationMs: seconds * 1000, maxEvents: MAX_EVENTS, pids, state: true }))
    console.log(`capturing from ${capture.device} for ${seconds} s, Ctrl-C ends it; of the events at most ${LINES} per second are printed, one of a kind\n`)
    return capture
  } catch (error) {
    if (!isCaptureError(error)) throw error
    await explain(error)
    return undefined
  }
}

async function explain(error: CaptureError): Promise<void> {
  console.log(`Live capture is not possible here: ${error.code}: ${error.message}\nhint: ${error.hint}`)
  const { examine, features } = await import('./findings.js')
  for (const { name, level, text, fix } of await examine(await features())) {
    if (level === 'fail' && name !== 'capture') console.log(`  ${name}: ${text}\n    fix: ${fix}`)
  }
}

async function openTrace(): Promise<Capture> {
  const { openFile } = await import('../iface/file/open.js')
  console.log(`\nSo here is the same with a recorded trace, ${TRACE}; of the events at most ${LINES} per second are printed\n`)
  return interruptible(signal => openFile(TRACE, { signal, state: true }))
}

/** Prints a few events of each second and, when the second is over, how many there were. By the events' own time. */
class Sample {
  readonly #capture: Capture
  readonly #out: Output
  #second = 0
  #printed = 0
  #events = 0
  /** What was printed of this second: one line of each kind, because most look like the one before. */
  readonly #shown = new Set<string>()
  /** Events of this second by CPU. */
  #perCpu: number[] = []
  #before: { dropped: number; perCpu: CpuStats[] } = { dropped: 0, perCpu: [] }

  constructor(capture: Capture, out: Output) {
    this.#capture = capture
    this.#out = out
  }

  look(event: Event): void {
    const time = (event.tsHi * 0x1_0000_0000 + event.tsLo) / 1e9
    if (time >= this.#second + 1) {
      if (this.#second > 0) this.end()
      this.#second = time
    }
    this.#events++
    this.#perCpu[event.cpu] = (this.#perCpu[event.cpu] ?? 0) + 1
    if (this.#printed >= LINES) return
    const kind = `${event.dir} ${event.name}`
    if (this.#shown.has(kind)) return
    this.#shown.add(kind)
    this.#out.line((line(event) ?? '').slice(0, COLUMNS))
    this.#printed++
  }

  /** The second is over. */
  end(): void {
    const { dropped, perCpu } = this.#capture.stats()
    // By key, because a file may name CPU 65535 and no other.
    const cpus = Object.entries(this.#perCpu).map(([cpu, events]) => {
      const lost = droppedOn(perCpu, Number(cpu)) - droppedOn(this.#before.perCpu, Number(cpu))
      return `cpu ${cpu}: ${rate(events, 1)}, ${lost} dropped`
    })
    this.#out.line(`-- ${rate(this.#events, 1)}, ${dropped.total - this.#before.dropped} dropped  |  ${cpus.join('  |  ')}`)
    this.#before = { dropped: dropped.total, perCpu: perCpu.map(cpu => ({ ...cpu })) }
    this.#events = 0
    this.#printed = 0
    this.#shown.clear()
    this.#perCpu = []
  }
}

function droppedOn(perCpu: readonly CpuStats[], cpu: number): number {
  return perCpu.find(stats => stats.cpu === cpu)?.dropped ?? 0
}
