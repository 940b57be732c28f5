import { setTimeout as sleep } from 'node:timers/promises'
import type { Readers } from '../export/readers.js'
import type { Tap, TapStats } from '../export/tap.js'
import type { Capture } from '../iface/capture.js'
import { parse } from './args.js'
import { footerLines, lossText } from './footer.js'
import { SIGNALS } from './interrupt.js'
import { Meter } from './meter.js'
import { Output } from './output.js'
import { RULE, seconds } from './queues.js'
import { isBrokenPipe, OK, UsageError } from './report.js'
import { LIVE_OPTIONS, openSource, SOURCE_OPTIONS, type SourceValues } from './source.js'

const OPTIONS = {
  ...SOURCE_OPTIONS,
  name: { group: 'Target', value: 'NAME', help: 'of the network interface to be made (default: sysdig)' },
  'at-once': { help: 'with -r: begin before somebody reads it' },
  filters: { help: 'print expressions for tcpdump and others that select frames, and where things stand in them; for events: --filters openat close' },
  ...LIVE_OPTIONS,
  readers: { ...LIVE_OPTIONS.readers, help: 'also those that read the interface or the output of this command; they are left out, for they would feed it' },
  quiet: { group: 'Output', short: 'q', help: 'only the counts at the end' },
  json: { help: 'the counts as one JSON object per line' },
} as const

/**
 * How long the interface stays when the last frame is written and somebody reads, in ms: the kernel hands a block of packets that is not
 * full over after the reader's timeout, a second of tcpdump's.
 */
const LINGER_MS = 1500
/** How often it is looked whether somebody reads, and how long that one takes until it listens, in ms. */
const LOOK_MS = 50
const SETTLE_MS = 300

type Values = SourceValues & { filter?: string; name?: string; 'at-once'?: true; quiet?: true; json?: true }

/** Makes a network interface that a capture comes in at, for tcpdump, Wireshark and whatever else reads one. */
export async function run(args: string[]): Promise<number> {
  const values = parse('up', '[-i DEV … | -r FILE …] [--name NAME] [OPTION …] [FILTER]', OPTIONS, args, { takesFilter: true })
  if (values === undefined) return OK
  if (values.filters === true) {
    const { printFrameFilters } = await import('./framefilters.js')
    await printFrameFilters(new Output(), values.filter?.split(' ') ?? [], values.json === true)
    return OK
  }
  if (values['at-once'] === true && values.read === undefined) throw new UsageError('--at-once is for -r: what is live comes when it comes', 'leave --at-once out')
  const { name = 'sysdig' } = values
  const { deviceKind } = await import('../open.js')
  if (values.interface?.some(device => deviceKind(device) !== 'live' && device.replace(/^(?:nic|cap):/, '') === name) === true) {
    throw new UsageError(`what comes in at ${name} would be captured there, and come in again`, 'give --name another name')
  }
  return up(values, name)
}

async function up(values: Values, name: string): Promise<number> {
  const { filter, quiet, json } = values
  const [{ openTap }, { Readers }] = await Promise.all([import('../export/tap.js'), import('../export/readers.js')])
  // Before the capture, which would see how it is made.
  using tap = openTap(name)
  await using capture = await openSource(values, filter === undefined ? {} : { filter })
  using readers = new Readers(tap.index, found => {
    if (values.readers !== true) capture.leaveOut(found.map(({ pid }) => pid))
  })
  await readers.start()

  const report = new TapReport(capture, tap, readers)
  const output = new Output()
  const print = (final: boolean): Promise<void> => {
    for (const line of json === true ? [report.json(final)] : report.text(final)) output.line(line)
    return output.flush()
  }
  let failure: unknown
  const fail = (error: unknown) => {
    failure ??= error
    void capture.close()
  }
  const waits = values.read !== undefined && values['at-once'] !== true
  console.error(`sysring: ${name} is up: tcpdump -i ${name}, tshark -i ${name}, wireshark -k -i ${name}${waits ? '; waiting for one of them' : ''}; Ctrl-C ends`)
  if (waits) await somebodyReads(readers)
  const timer = quiet === true ? undefined : setInterval(() => void print(false).catch(fail), 1000)
  try {
    for await (const burst of capture) tap.write(burst)
  } catch (error) {
    fail(error)
  }
  clearInterval(timer)
  await capture.close()
  if (failure === undefined && readers.sockets > 0 && tap.stats().written > 0) await sleep(LINGER_MS)
  readers.close()
  tap.close()
  if (!isBrokenPipe(failure)) await print(true)
  if (failure !== undefined) throw failure
  return OK
}

/** Resolves when somebody reads the interface, or when a signal has come, which ends the capture as well. */
async function somebodyReads(readers: Readers): Promise<void> {
  let signalled = false
  const note = () => { signalled = true }
  for (const signal of SIGNALS) process.once(signal, note)
  while (!signalled && readers.sockets === 0) await sleep(LOOK_MS)
  for (const signal of SIGNALS) process.off(signal, note)
  if (!signalled) await sleep(SETTLE_MS)
}

/** What was captured and what was written: absolute, and since the last print. */
class TapReport {
  readonly #meter = new Meter()
  readonly #capture: Capture
  readonly #tap: Tap
  readonly #readers: Readers

  constructor(capture: Capture, tap: Tap, readers: Readers) {
    this.#capture = capture
    this.#tap = tap
    this.#readers = readers
  }

  text(final: boolean): string[] {
    const meter = this.#meter
    meter.step(final)
    const { device } = this.#tap
    const stats = this.#tap.stats()
    if (final) return [...footerLines(this.#capture.stats(), meter.totalMs / 1000, false), ...footer(stats, device)]
    return [
      RULE,
      `Absolute Stats: [${stats.written} frames written to ${device}][${stats.notWritten.total} not written][${this.#capture.stats().dropped.total} dropped before]`,
      `Actual Stats: [${meter.ms.toFixed(2)} ms][${meter.rate('written', stats.written)} frames/s][${(meter.rate('bytes', stats.bytes) / 1e6).toFixed(1)} MB/s]`,
      `Readers: ${this.#readers.list.map(({ comm, pid }) => `[${comm} ${pid}]`).join('') || 'none'}`,
      RULE,
    ]
  }

  json(final: boolean): string {
    const meter = this.#meter
    meter.step(final)
    const tap = this.#tap.stats()
    return JSON.stringify({
      final, seconds: seconds(meter.totalMs), ...this.#capture.stats(),
      tap: { device: this.#tap.device, ...tap, rate: meter.rate('written', tap.written), readers: this.#readers.list },
    })
  }
}

function footer({ written, bytes, cut, notWritten }: TapStats, device: string): string[] {
  const missed = notWritten.total === 0 ? '0 not written' : lossText(notWritten, written + notWritten.total).replace('dropped', 'not written')
  return [`${written} frames written to ${device}, ${bytes} bytes`, missed, ...(cut === 0 ? [] : [`${cut} cut to 65535 bytes`])]
}
