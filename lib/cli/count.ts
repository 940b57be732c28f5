import type { Capture } from '../iface/capture.js'
import { parse } from './args.js'
import { percent } from './footer.js'
import { Output } from './output.js'
import { percentText, readingPosition } from './position.js'
import { Progress } from './progress.js'
import { isBrokenPipe, OK } from './report.js'
import { LIVE_OPTIONS, openSource, SOURCE_OPTIONS } from './source.js'
import { Tally } from './tally.js'

const OPTIONS = {
  ...SOURCE_OPTIONS,
  ...LIVE_OPTIONS,
  verbose: { group: 'Output', short: 'v', help: 'print a short line per event' },
  json: { help: 'print the counts as one JSON object per line' },
} as const

/** Counts events in the way of PF_RING's pfcount: each second of a live capture, and at the end. */
export async function run(args: string[]): Promise<number> {
  const values = parse('count', '[-i DEV … | -r FILE …] [-d SECONDS] [-n EVENTS] [-v] [--json] [FILTER]', OPTIONS, args, { takesFilter: true })
  if (values === undefined) return OK
  await using capture = await openSource(values, values.filter === undefined ? {} : { filter: values.filter })
  const out = new Output()
  const tally = new Tally()
  const counts = new Counts(capture, tally)
  const print = (final: boolean): Promise<void> => {
    counts.step(final)
    for (const line of values.json === true ? [counts.json(final)] : counts.text()) out.line(line)
    return out.flush()
  }

  let failure: unknown
  const fail = (error: unknown) => {
    failure ??= error
    void capture.close()
  }
  const live = values.read === undefined
  const timer = live ? setInterval(() => void print(false).catch(fail), 1000) : undefined
  try {
    const isShown = !live && process.stderr.isTTY === true
    const position = isShown && values.read?.length === 1 ? readingPosition(values.read[0]) : undefined
    using _progress = new Progress(() => `${percentText(position)}${tally.events} events`, isShown)
    if (values.verbose === true) await list(capture, tally, out)
    else for await (const burst of capture) tally.add(burst)
  } catch (error) {
    fail(error)
  }
  clearInterval(timer)
  await capture.close() // from here on the counters stand still
  if (!isBrokenPipe(failure)) await print(true)
  if (failure !== undefined) throw failure
  return OK
}

/** One line per event, from its header. The name is the only thing for which the table of events is asked. */
async function list(capture: Capture, tally: Tally, out: Output): Promise<void> {
  const { timeOfDay } = await import('../event/clock.js')
  for await (const burst of capture) {
    for (const ev of burst) {
      tally.add([ev])
      out.line(`${timeOfDay(ev)} [cpu_id=${ev.cpu}][tid=${ev.tid}][${ev.type}|${ev.dir === 'enter' ? '>' : '<'} ${ev.name}]`)
      if (out.full) await out.flush()
    }
    await out.flush()
  }
}

/** The counters, absolute and since the last print. */
class Counts {
  readonly #capture: Capture
  readonly #tally: Tally
  readonly #started = performance.now()
  #at = this.#started
  #before = { events: 0, bytes: 0, perCpu: new Map<number, number>() }
  #ms = 0
  #events = 0
  #bytes = 0
  #cpus: { cpu: number; events: number; dropped: number; rate: number }[] = []

  constructor(capture: Capture, tally: Tally) {
    this.#capture = capture
    this.#tally = tally
  }

  /** Ends the period that the next text() or json() is about; the final one is the whole capture. */
  step(final: boolean): void {
    const tally = this.#tally
    const now = performance.now()
    if (final) {
      this.#at = this.#started
      this.#before = { events: 0, bytes: 0, perCpu: new Map() }
    }
    this.#ms = now - this.#at
    this.#at = now
    this.#events = tally.events - this.#before.events
    this.#bytes = tally.bytes - this.#before.bytes
    const dropped = new Map(this.#capture.stats().perCpu.map(({ cpu, dropped }) => [cpu, dropped]))
    const perCpu = new Map(tally.cpus.map(cpu => [cpu, tally.perCpu[cpu]]))
    this.#cpus = [...new Set([...dropped.keys(), ...perCpu.keys()])].sort((a, b) => a - b).map(cpu => {
      const events = perCpu.get(cpu) ?? 0
      return {
        cpu,
        events,
        dropped: dropped.get(cpu) ?? 0,
        rate: Math.round((events - (this.#before.perCpu.get(cpu) ?? 0)) / this.#ms * 1000),
      }
    })
    this.#before = { events: tally.events, bytes: tally.bytes, perCpu }
  }

  text(): string[] {
    const { events, bytes, threads, enter } = this.#tally
    const dropped = this.#capture.stats().dropped.total
    const seconds = this.#ms / 1000
    return [
      '=========================',
      `Absolute Stats: [${events} events total][${dropped} dropped][${percent(dropped, events + dropped)}% dropped]`,
      `[${events} events][${enter} enter][${events - enter} exit][${bytes} bytes][${threads} threads]`,
      `Actual Stats: [${this.#events} events][${this.#ms.toFixed(2)} ms][${Math.round(this.#events / seconds)} events/s][${(this.#bytes / seconds / 1e6).toFixed(1)} MB/s]`,
      ...this.#cpus.map(({ cpu, events, dropped, rate }) => `cpu ${cpu}: [${events} events][${dropped} dropped][${rate} events/s]`),
      '=========================',
    ]
  }

  json(final: boolean): string {
    const { events, bytes, threads, enter, span } = this.#tally
    const { dropped } = this.#capture.stats()
    return JSON.stringify({
      final,
      seconds: Number(((this.#at - this.#started) / 1000).toFixed(3)),
      events, enter, exit: events - enter, bytes, threads, dropped,
      rate: Math.round(this.#events / this.#ms * 1000),
      span,
      perCpu: this.#cpus,
    })
  }
}
