import type { Event } from '../event/event.js'
import type { PcapngOptions } from '../export/pcapng.js'
import type { WriteFileOptions } from '../export/file.js'
import type { FormatName } from '../export/format.js'
import type { Capture } from '../iface/capture.js'
import { parse } from './args.js'
import { footerJson, footerLines } from './footer.js'
import { Output } from './output.js'
import { Progress } from './progress.js'
import { isBrokenPipe, OK, UsageError } from './report.js'
import { LIVE_OPTIONS, openSource, SOURCE_OPTIONS } from './source.js'

const OPTIONS = {
  ...SOURCE_OPTIONS,
  write: { short: 'w', value: 'FILE', help: 'write the events instead of printing them; - for standard output' },
  format: { value: 'FORMAT', choices: ['pcap', 'pcapng', 'scap'], help: 'otherwise told from the ending of FILE, else pcapng' },
  framing: { value: 'FRAMING', choices: ['scap', 'ethernet', 'user0'], help: 'how an event is carried in pcap and pcapng (default: ethernet)' },
  compress: { short: 'z', help: 'write gzip' },
  ...LIVE_OPTIONS,
  json: { help: 'print one JSON object per line' },
  verbose: { short: 'v', help: 'the footer also says it per CPU' },
  quiet: { short: 'q', help: 'no footer' },
} as const

interface WriteValues {
  format?: FormatName
  framing?: PcapngOptions['framing']
  compress?: true
}

/** Prints one line per event, or writes a savefile. What a program may read goes to standard output, the rest to standard error. */
export async function run(args: string[]): Promise<number> {
  const values = parse('dump', '[-i DEV | -r FILE] [-w FILE|-] [OPTION …]', OPTIONS, args)
  if (values === undefined) return OK
  const { write } = values
  if (write === undefined) checkPrint(values)
  else await checkWrite(write, values)

  await using capture = await openSource(values)
  const started = performance.now()
  let failure: unknown
  try {
    await deliver(capture, write, values, started)
  } catch (error) {
    failure = error
  }
  await capture.close()
  if (values.quiet !== true && !isBrokenPipe(failure)) {
    const seconds = (performance.now() - started) / 1000
    const json = values.json === true && write !== undefined
    const lines = json ? [footerJson(capture.stats(), seconds)] : footerLines(capture.stats(), seconds, values.verbose === true)
    console.error(lines.join('\n'))
  }
  if (failure !== undefined) throw failure
  return OK
}

async function deliver(capture: Capture, write: string | undefined, values: WriteValues & { json?: true }, started: number): Promise<void> {
  // Lines on the terminal are progress enough.
  const quiet = process.stderr.isTTY !== true || (write === undefined && process.stdout.isTTY)
  using _progress = new Progress(() => progressText(capture, started), !quiet)
  if (write === undefined) await print(capture, new Output(), values.json === true)
  else if (write === '-') await pour(capture, new Output(), values)
  else await save(capture, write, values)
}

function checkPrint({ format, framing, compress }: WriteValues): void {
  const [flag] = Object.entries({ format, framing, compress }).find(([, value]) => value !== undefined) ?? []
  if (flag !== undefined) throw new UsageError(`--${flag} goes with -w`, 'add: -w FILE')
}

async function checkWrite(write: string, { format, framing }: WriteValues): Promise<void> {
  const { formatForPath } = await import('../export/format.js')
  const chosen = format ?? formatForPath(write).format
  if (chosen !== 'pcapng' && framing !== undefined && (chosen === 'scap') !== (framing === 'scap')) {
    throw new UsageError(`${chosen} has no framing ${framing}`, 'leave --framing out, or add: --format pcapng')
  }
  if (write === '-' && process.stdout.isTTY) {
    throw new UsageError('this would write a binary file to the terminal', 'sysring dump -w - | tcpdump -r -')
  }
}

async function print(capture: Capture, out: Output, json: boolean): Promise<void> {
  const [{ jsonText }, { lineText }] = await Promise.all([import('../event/json.js'), import('../event/line.js')])
  const text: (event: Event) => string = json ? jsonText : lineText
  for await (const burst of capture) {
    for (const ev of burst) {
      out.line(text(ev))
      if (out.full) await out.flush()
    }
    await out.flush()
  }
}

async function save(capture: Capture, path: string, values: WriteValues): Promise<void> {
  const { writeFile } = await import('../export/file.js')
  await writeFile(capture, path, writeOptions(values))
}

function writeOptions({ format, framing, compress }: WriteValues): WriteFileOptions {
  return {
    ...(format !== undefined && { format }),
    ...(framing !== undefined && { framing }),
    ...(compress === true && { gzip: true }),
  }
}

/** Standard output stays open and is nobody's file: it gets the chunks one by one, each at once. */
async function pour(capture: Capture, out: Output, values: WriteValues): Promise<void> {
  const { chunksOf } = await import('../export/file.js')
  for await (const chunk of chunksOf(capture, writeOptions(values))) await out.write(chunk)
}

function progressText(capture: Capture, started: number): string {
  const { delivered, dropped } = capture.stats()
  return `${delivered} events, ${dropped.total} dropped, ${((performance.now() - started) / 1000).toFixed(0)} s`
}
