import type { BufferFormat } from '../event/buffertext.js'
import { type Event, FLAG_STATE_ONLY } from '../event/event.js'
import type { TextBuffer } from '../event/textbuffer.js'
import type { Table } from '../field/field.js'
import type { TimeFormat } from '../field/printing.js'
import type { Capture } from '../iface/capture.js'
import { type Gate, isInternal } from './gate.js'
import type { Output } from './output.js'
import { UsageError } from './report.js'

/** Adds an event's line, without a newline; false where it has none. */
export type LineWriter = (out: TextBuffer, ev: Event) => boolean

/** The options that say how events are printed. */
export const PRINT_OPTIONS = {
  print: { group: 'Print', short: 'p', value: 'FORMAT', help: 'text with %fields, "*%evt.num %proc.name"; c: with containers; p: shows the default' },
  timetype: { short: 't', value: 'TYPE', choices: ['h', 'a', 'r', 'd', 'D'], help: 'time of day, epoch, since the start, of the call, since the line before' },
  'json-fields': { short: 'j', help: 'the fields of the format as one JSON object per line' },
  json: { help: 'all typed arguments as one JSON object per line; with -w the footer' },
  'print-ascii': { short: 'A', help: 'of data only the text, with its line ends' },
  'print-hex': { short: 'x', help: 'data in hexadecimal' },
  'print-hex-ascii': { short: 'X', help: 'data in hexadecimal and as text' },
  'print-base64': { short: 'b', help: 'data in base64' },
  summary: { short: 'S', help: 'how often each event occurred, at the end; with -q nothing else' },
} as const

export interface PrintValues {
  print?: string
  timetype?: TimeFormat
  'json-fields'?: true
  json?: true
  'print-ascii'?: true
  'print-hex'?: true
  'print-hex-ascii'?: true
  'print-base64'?: true
  verbose?: true
}

const BUFFERS = { 'print-ascii': 'ascii', 'print-hex': 'hex', 'print-hex-ascii': 'hexascii', 'print-base64': 'base64' } as const

/** The format's name for what decides how data is shown; undefined for the default. */
export function bufferFormat(values: PrintValues): BufferFormat | undefined {
  const given = Object.entries(BUFFERS).filter(([name]) => values[name as keyof typeof BUFFERS] === true)
  if (given.length > 1) {
    throw new UsageError(`${given.map(([name]) => `--${name}`).join(' and ')} exclude each other`, 'choose one of -A, -x, -X, -b')
  }
  return given[0]?.[1]
}

/** The format that -p names, with \n, \t, \e and \\ resolved. */
export async function formatText(print: string | undefined): Promise<string> {
  const { CONTAINER_FORMAT, DEFAULT_FORMAT } = await import('../field/formatter.js')
  switch (print) {
    case undefined:
      return DEFAULT_FORMAT
    case 'c':
    case 'container':
      return CONTAINER_FORMAT
    case 'k':
    case 'kubernetes':
    case 'm':
    case 'mesos':
      throw new UsageError(`there is no format -p${print}: Kubernetes and Mesos are not asked`, 'sysring dump -pc')
    default:
      return print.replace(/\\([nte\\])/g, (_, letter: string) => ESCAPES[letter])
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', e: '\x1b', '\\': '\\' }

/** How the lines are made, and whether the terminal's colours have to be reset behind them. */
export interface Lines {
  write: LineWriter
  /** What of the state they tell of. */
  tables: ReadonlySet<Table>
  colours: boolean
}

/** Throws ERR_CAPTURE_FILTER where the format cannot be understood. */
export async function lineWriter(values: PrintValues): Promise<Lines> {
  const buffers = bufferFormat(values)
  if (values.json === true) {
    const { writeJson } = await import('../event/json.js')
    return { write: (out, ev) => (writeJson(out, ev), true), tables: new Set(), colours: false }
  }
  const text = await formatText(values.print)
  const { compileFormat } = await import('../field/formatter.js')
  const format = compileFormat(text, {
    ...(values.timetype !== undefined && { time: values.timetype }),
    ...(buffers !== undefined && { buffers }),
    ...(values['json-fields'] === true && { json: true }),
    ...(values.verbose === true && { whole: true }),
  })
  return { write: (out, ev) => !isInternal(ev.type) && format(out, ev), tables: format.needs, colours: text.includes('\x1b') }
}

/** How lines are printed. */
export interface PrintOptions {
  gate: Gate
  /** Each burst goes out when it is over; of a file, what there is when it is enough. */
  live: boolean
  onEvent: ((event: Event) => void) | undefined
}

/** Prints a line per event, as fast as the reader takes them. */
export async function print(capture: Capture, out: Output, { write, colours }: Lines, { gate, live, onEvent }: PrintOptions): Promise<void> {
  try {
    bursts: for await (const burst of capture) {
      for (const ev of burst) {
        if (gate.endsBefore(ev)) break bursts
        if ((ev.flags & FLAG_STATE_ONLY) !== 0) continue
        onEvent?.(ev)
        if (write(out.text, ev)) out.newline()
        if (out.full) await out.handOff()
        if (gate.full) break bursts
      }
      if (live) await out.handOff()
    }
  } finally {
    // Of a file that ends in an error, what came before it.
    if (colours) out.text.text('\x1b[00m')
    await out.flush()
  }
}
