import type { Event } from '../event/event.js'
import { processText } from '../event/line.js'
import type { WriteFileOptions } from '../export/file.js'
import type { FormatName } from '../export/format.js'
import type { PcapngOptions } from '../export/pcapng.js'
import type { Rotation } from '../export/rotation.js'
import type { Capture } from '../iface/capture.js'
import { integer } from './args.js'
import type { Gate } from './gate.js'
import type { Output } from './output.js'
import { UsageError } from './report.js'

/** The options that say what is written, and where. */
export const WRITE_OPTIONS = {
  write: { group: 'Write', short: 'w', value: 'FILE', help: 'write the events instead of printing them; - for standard output' },
  format: { value: 'FORMAT', choices: ['pcap', 'pcapng', 'scap', 'chrome'], help: 'otherwise told from the ending of FILE, else pcapng; chrome (.json): each call as a slice of its thread, for ui.perfetto.dev' },
  framing: { value: 'FRAMING', choices: ['scap', 'ethernet', 'user0'], help: 'how an event is carried in pcap and pcapng (default: ethernet)' },
  'no-comments': { help: 'of merged captures: no comments that say the process of each packet' },
  compress: { short: 'z', help: 'write gzip' },
  'file-size': { short: 'C', value: 'MB', help: 'begin a new file, FILE0, FILE1 …, when one has that many million bytes' },
  seconds: { short: 'G', value: 'SECONDS', help: 'begin a new file after that long; % in FILE: the time, as strftime(3)' },
  'file-events': { short: 'e', value: 'EVENTS', help: 'begin a new file after that many events' },
  limit: { short: 'W', value: 'FILES', help: 'with -C, -G, -e: at most that many files, then the oldest is overwritten' },
} as const

export interface WriteValues {
  write?: string
  format?: FormatName
  framing?: PcapngOptions['framing']
  'no-comments'?: true
  compress?: true
  'file-size'?: string
  seconds?: string
  'file-events'?: string
  limit?: string
}

/** When a new file begins; undefined where all goes into one. */
export function rotation(values: WriteValues): Rotation | undefined {
  const megabytes = integer('-C', values['file-size'], 1)
  const seconds = integer('-G', values.seconds, 1)
  const events = integer('-e', values['file-events'], 1)
  const files = integer('-W', values.limit, 1)
  if (megabytes === undefined && seconds === undefined && events === undefined) {
    if (files !== undefined) throw new UsageError('-W says how many files there may be, and not when one is full', 'add -C MB, -G SECONDS or -e EVENTS')
    return undefined
  }
  return {
    ...(megabytes !== undefined && { bytes: megabytes * 1_000_000 }),
    ...(seconds !== undefined && { seconds }),
    ...(events !== undefined && { events }),
    ...(files !== undefined && { files }),
  }
}

/** The format that is written; throws a UsageError for what cannot be. */
export async function checkWrite(values: WriteValues & { write: string }): Promise<FormatName> {
  const { write, format, framing } = values
  const { formatForPath } = await import('../export/format.js')
  const chosen = format ?? formatForPath(write).format
  if (chosen !== 'pcapng' && framing !== undefined && (chosen === 'chrome' || (chosen === 'scap') !== (framing === 'scap'))) {
    throw new UsageError(`${chosen} has no framing ${framing}`, 'leave --framing out, or add: --format pcapng')
  }
  if (write === '-') {
    if (rotation(values) !== undefined) throw new UsageError('standard output is one file', 'give -w a name, or leave -C, -G and -e out')
    if (process.stdout.isTTY && chosen !== 'chrome') throw new UsageError('this would write a binary file to the terminal', 'sysring dump -w - | tcpdump -r -')
  }
  return chosen
}

export interface Writing {
  gate: Gate
  /** Is it the running machine whose events are written? */
  live: boolean
  /** Are several sources merged? Then packets may have a process, which goes into their comment. */
  merged: boolean
  onEvent?: (event: Event) => void
}

/** Writes a capture where -w says. */
export async function write(capture: Capture, values: WriteValues & { write: string }, { gate, live, merged, onEvent }: Writing): Promise<void> {
  const { write: path, format, framing, compress } = values
  const options: WriteFileOptions = {
    ...(format !== undefined && { format }),
    ...(framing !== undefined && { framing }),
    ...(compress === true && { gzip: true }),
    ...(onEvent !== undefined && { onEvent }),
    ...(merged && values['no-comments'] !== true && { comments: processText }),
    until: event => gate.endsBefore(event),
  }
  const rotated = rotation(values)
  if (rotated !== undefined) {
    const { writeFiles } = await import('../export/rotation.js')
    await writeFiles(capture, path, rotated, { ...options, ...(live && { startedAt: Math.floor(Date.now() / 1000) }) })
  } else if (path === '-') {
    await pour(capture, options)
  } else {
    const { writeFile } = await import('../export/file.js')
    await writeFile(capture, path, options)
  }
}

/** Standard output stays open and is nobody's file: it gets the chunks one by one, each at once. */
async function pour(capture: Capture, options: WriteFileOptions): Promise<void> {
  const [{ chunksOf }, { Output }] = await Promise.all([import('../export/file.js'), import('./output.js')])
  const out: Output = new Output()
  for await (const chunk of chunksOf(capture, options)) await out.write(chunk)
}
