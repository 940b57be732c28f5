import { statSync } from 'node:fs'
import type { Event } from '../event/event.js'
import type { Table } from '../field/field.js'
import type { Capture } from '../iface/capture.js'
import { number, parse } from './args.js'
import { footerJson, footerLines } from './footer.js'
import { Gate } from './gate.js'
import { Output } from './output.js'
import { formatText, type Lines, lineWriter, print, PRINT_OPTIONS, type PrintValues } from './print.js'
import { percentText, readingPosition } from './position.js'
import { Progress } from './progress.js'
import { isBrokenPipe, OK, UsageError } from './report.js'
import { eventLimit, LIVE_OPTIONS, openSource, SOURCE_OPTIONS, type SourceValues } from './source.js'
import { Summary } from './summary.js'
import { checkWrite, rotation, write, WRITE_OPTIONS, type WriteValues } from './write.js'

const OPTIONS = {
  ...SOURCE_OPTIONS,
  'event-seconds': { short: 'M', value: 'SECONDS', help: 'stop after that many seconds of the events\' own time' },
  ...PRINT_OPTIONS,
  ...WRITE_OPTIONS,
  ...LIVE_OPTIONS,
  list: { group: 'Other', short: 'l', help: 'list the fields of filters and formats; -v says more, --json for programs' },
  'list-events': { short: 'L', help: 'list the events and their parameters; the same' },
  explain: { help: 'say what becomes of the filter, and end; --json for programs' },
  verbose: { short: 'v', help: 'data is not cut after 80 characters; the footer also says it per CPU' },
  quiet: { short: 'q', help: 'no footer' },
} as const

type Values = SourceValues & PrintValues & WriteValues & {
  filter?: string
  'event-seconds'?: string
  summary?: true
  list?: true
  'list-events'?: true
  explain?: true
  quiet?: true
}

/** Prints one line per event, or writes savefiles. What a program may read goes to standard output, the rest to standard error. */
export async function run(args: string[]): Promise<number> {
  const values: Values | undefined = parse('dump', '[-i DEV … | -r FILE …] [-w FILE|-] [OPTION …] [FILTER]', OPTIONS, args, { takesFilter: true })
  if (values === undefined) return OK
  if (values.list === true || values['list-events'] === true) return list(values)
  if (values.explain === true) return explain(values)
  if (values.print === 'p') return showFormat()
  if (values.write === undefined) return printed(values)
  return saved(values, values.write)
}

async function printed(values: Values): Promise<number> {
  refuse(values, WRITE_OPTIONS, 'goes with -w', 'add: -w FILE')
  if (values.json === true) {
    const { json: _, ...others } = PRINT_OPTIONS
    refuse(values, others, 'has no effect on --json, which prints all arguments', 'take -j for the fields of a format')
  }
  const lines = await lineWriter(values)
  const summary = values.summary === true ? new Summary() : undefined
  if (summary !== undefined && values.quiet === true) lines.write = () => false
  if (summary === undefined && isSearch(values, lines)) {
    const code = await captured(values, { stateEvents: false }, look)
    if (code !== AGAIN) return code
  }
  return captured(values, { ...(lines.tables.size > 0 && { tables: lines.tables }), stateEvents: false }, async (capture, gate) => {
    const out = new Output()
    await print(capture, out, lines, { gate, live: values.read === undefined, onEvent: onEvent(summary) })
    await summarize(summary, out)
  })
}

/**
 * Lines tell more than a filter asks, and to follow all of that takes twice as long. So a file is looked through for a first event
 * to print, before its beginning is read again for the names in it: most searches in large files find little, late or nothing.
 */
function isSearch({ filter, read }: Values, { tables, colours }: Lines): boolean {
  return filter !== undefined && tables.size > 0 && !colours && read?.length === 1 && isRegularFile(read[0])
}

async function look(capture: Capture): Promise<void | typeof AGAIN> {
  for await (const burst of capture) {
    for (const _event of burst) return AGAIN
  }
}

function isRegularFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

async function saved(values: Values, path: string): Promise<number> {
  const { json: _json, summary: _summary, ...forLines } = PRINT_OPTIONS
  refuse(values, forLines, 'is for printing, not for -w', 'write the file, and print it with: sysring dump -r FILE')
  if (path === '-' && values.summary === true) throw new UsageError('standard output is the file, and has no place for a summary', 'leave -S out')
  rotation(values)
  const format = await checkWrite({ ...values, write: path })
  const summary = values.summary === true ? new Summary() : undefined
  // A .scap file that is to be read with names again needs what the filter leaves out.
  const stateEvents = format === 'scap' && (values.filter !== undefined || isQueue(values))
  const tables = format === 'chrome' ? (await import('../export/chrome.js')).CHROME_TABLES : undefined
  return captured(values, { stateEvents, metadata: true, ...tables && { tables } }, async (capture, gate) => {
    await write(capture, { ...values, write: path }, { gate, live: values.read === undefined, merged: (values.read ?? values.interface ?? []).length > 1, ...(summary && { onEvent: onEvent(summary) }) })
    await summarize(summary, new Output())
  })
}

function onEvent(summary: Summary | undefined): ((event: Event) => void) | undefined {
  return summary && (event => summary.add(event))
}

async function summarize(summary: Summary | undefined, out: Output): Promise<void> {
  for (const line of summary?.lines() ?? []) out.line(line)
  await out.flush()
}

interface Wanted {
  tables?: ReadonlySet<Table>
  stateEvents: boolean
  /** What is known of the machine, of queues. */
  metadata?: boolean
}

/** What is done with a capture; AGAIN where that showed that it has to be read in another way. */
type Work = (capture: Capture, gate: Gate) => Promise<void | typeof AGAIN>

const AGAIN = -1

/** One of several has a part of the events; those that tell of processes are in all of them. */
function isQueue({ interface: devices = [] }: Values): boolean {
  return devices.length === 1 && devices[0].startsWith('cluster:')
}

/** Opens the capture, does the work, and says in the footer what it came to. */
async function captured(values: Values, wanted: Wanted, work: Work): Promise<number> {
  const seconds = number('-M', values['event-seconds'], 0)
  const events = eventLimit(values)
  const gate = new Gate({ ...(events !== undefined && { events }), ...(seconds !== undefined && { seconds }) })
  const started = performance.now()
  await using capture = await openSource(source(values, wanted), { ...wanted, ...(values.filter !== undefined && { filter: values.filter }) })
  let failure: unknown
  try {
    // Lines on the terminal are progress enough.
    const isShown = process.stderr.isTTY === true && (values.write !== undefined || process.stdout.isTTY !== true)
    const position = isShown && values.read?.length === 1 ? readingPosition(values.read[0]) : undefined
    using _progress = new Progress(() => progressText(capture, gate, started, position), isShown)
    if (await work(capture, gate) === AGAIN) return AGAIN
  } catch (error) {
    failure = error
  }
  await capture.close()
  if (values.quiet !== true && !isBrokenPipe(failure)) {
    console.error(footer(capture, gate, values, (performance.now() - started) / 1000))
  }
  if (failure !== undefined) throw failure
  return OK
}

/** What the source can do of the limits: it counts records that only update the state as well. */
function source(values: Values, { stateEvents }: Wanted): SourceValues {
  const { numevents, ...rest } = values
  if (values.read !== undefined) return rest
  const { 'event-seconds': seconds, duration } = values
  if (seconds !== undefined && duration !== undefined) throw new UsageError('-M and -d are the same in a live capture', 'leave one of them out')
  return {
    ...rest,
    ...(seconds !== undefined && { duration: seconds }), // time goes by without events, too
    ...(!stateEvents && numevents !== undefined && { numevents }),
  }
}

function footer(capture: Capture, { count }: Gate, values: Values, seconds: number): string {
  const stats = capture.stats()
  if (values.json === true && values.write !== undefined) return footerJson(stats, seconds)
  return footerLines({ ...stats, delivered: count }, seconds, values.verbose === true).join('\n')
}

function progressText(capture: Capture, { count }: Gate, started: number, position: (() => number) | undefined): string {
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  return `${percentText(position)}${count} events, ${capture.stats().dropped.total} dropped, ${seconds} s`
}

/** Throws if one of these options was given. */
function refuse(values: Values, options: object, sentence: string, hint: string): void {
  const name = Object.keys(options).find(name => name in values)
  if (name !== undefined) throw new UsageError(`--${name} ${sentence}`, hint)
}

async function list(values: Values): Promise<number> {
  const flag = values.list === true ? 'list' : 'list-events'
  const other = Object.keys(values).find(name => ![flag, 'verbose', 'json'].includes(name))
  if (other !== undefined) throw new UsageError(`--${flag} goes with -v and --json only, not with ${option(other)}`, `sysring dump --${flag}`)
  const { printEvents, printFields } = await import('./lists.js')
  const options = { verbose: values.verbose === true, json: values.json === true }
  await (values.list === true ? printFields(new Output(), options) : printEvents(new Output(), options))
  return OK
}

function option(name: string): string {
  return name === 'filter' ? 'a filter' : `--${name}`
}

async function explain({ filter, json }: Values): Promise<number> {
  if (filter === undefined) throw new UsageError('--explain needs a filter', "sysring dump --explain 'proc.name = cat and evt.type = open'")
  const { explainFilter, explanationText } = await import('../filter/explain.js')
  const explanation = explainFilter(filter)
  const out = new Output()
  out.line(json === true ? JSON.stringify(explanation) : explanationText(explanation))
  await out.flush()
  return OK
}

/** For those who want to change it. */
async function showFormat(): Promise<number> {
  const out = new Output()
  out.line(await formatText(undefined))
  await out.flush()
  return OK
}
