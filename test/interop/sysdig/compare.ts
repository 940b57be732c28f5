/** What sysdig says of a file beside what we say of it, value by value, with the listed differences as the only excuse. */
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Event } from '../../../lib/event/event.js'
import { eventInfo } from '../../../lib/event/table.js'
import { TextBuffer } from '../../../lib/event/textbuffer.js'
import { compileFormat, type FormatOptions, type Formatter } from '../../../lib/field/formatter.js'
import { fdOf } from '../../../lib/field/fd.event.js'
import { fields } from '../../../lib/field/registry.js'
import { openFile } from '../../../lib/iface/file/open.js'
import type { FdInfo } from '../../../lib/state/fdinfo.js'
import { ROOT, run } from '../../helpers/run.js'
import { DIFFERENCES, type Difference, type Place, STOPS } from './differences.js'

process.env.TZ = 'UTC'

export const FIXTURES = join(ROOT, 'test/fixtures')
const filesIn = (folder: string) => readdirSync(folder).filter(name => /\.(scap|pcapng)/.test(name)).map(name => join(folder, name))
export const RECORDINGS = filesIn(FIXTURES)
export const VECTORS = filesIn(join(FIXTURES, 'vectors'))

/** Arguments for the fields that take one; without any the field stands alone. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  'evt.arg': [
    '[0]', '[1]', '[2]', '[3]', '.fd', '.name', '.path', '.flags', '.res', '.data', '.size', '.tuple', '.addr', '.exe', '.comm', '.pid',
    '.dirfd', '.fds',
  ],
  'evt.rawarg': ['.res', '.name', '.data', '.comm', '.size', '.pid', '.cwd'],
  'evt.abspath': ['', '.src', '.dst'],
  'proc.aname': ['[0]', '[1]', '[2]', '[3]', '[9]'],
  'proc.apid': ['[0]', '[1]', '[2]', '[3]', '[9]'],
  // sysdig takes an argument of it for text.
  'proc.env': [''],
  'thread.cgroup': ['.cpu', '.memory', '.nope'],
  'container.mount': ['[0]', '[/*]'], 'container.mount.source': ['[0]', '[/*]'], 'container.mount.dest': ['[0]', '[/*]'],
  'container.mount.mode': ['[0]', '[/*]'], 'container.mount.rdwr': ['[0]', '[/*]'], 'container.mount.propagation': ['[0]', '[/*]'],
}

/** Numbers the lines that are printed, so that it has another value where a line is printed in several runs. */
const COUNTER = 'util.cnt'

/** Every field of sysdig 0.29.3 that prints something, with the arguments that it is tried with. */
export const FIELDS: readonly string[] = fields()
  .filter(({ name, since, filterOnly }) => since === undefined && filterOnly !== true && name !== COUNTER)
  .flatMap(({ name, arg }) => (ARGUMENTS[name] ?? (arg === 'required' ? [] : [''])).map(argument => name + argument))

/** One value that both print: a format, and the fields in it. */
export interface Column {
  readonly format: string
  readonly fields: readonly string[]
}

export function column(format: string): Column {
  return { format, fields: compileFormat(format).fields.map(({ field, arg }) => (arg === undefined ? field.name : `${field.name}.${arg}`)) }
}

export const columns = (names: readonly string[]): Column[] => names.map(name => ({ format: `%${name}`, fields: [name] }))

/**
 * Whoever asks sysdig for the name of what was not opened gets other values of the fields behind it: these stand alone. For those
 * behind evt.abspath the fd is that of the directory: it stands last.
 */
const ALONE = /^fd\.(name|directory|containername|containerdirectory)$/
const LAST = /^evt\.abspath/
const RUNS = [
  columns([...FIELDS.filter(name => !ALONE.test(name) && !LAST.test(name)), ...FIELDS.filter(name => LAST.test(name))]),
  ...FIELDS.filter(name => ALONE.test(name)).map(name => columns([name])),
]

/** Looks up differences, and keeps in mind which were there. */
export class Judge {
  readonly #entries: readonly Difference[]
  readonly #used = new Set<Difference>()

  /** For the entries that hold in this place. */
  constructor(place: Place) {
    this.#entries = DIFFERENCES.filter(({ places }) => places.includes(place))
  }

  /** May what hangs on these fields be another there? Filters have no text. */
  allows(
    file: string, options: string, fields: readonly string[], ev: Pick<Event, 'dir' | 'name'>, theirs = '', ours = '', fd?: FdInfo,
  ): boolean {
    const event = `${ev.dir} ${ev.name}`
    const found = this.#entries.find(entry =>
      (entry.files?.test(file) ?? true) && (entry.options?.test(options) ?? true) && fields.some(name => entry.fields.test(name)) &&
      (entry.events?.test(event) ?? true) && (entry.fd === undefined || (fd !== undefined && entry.fd(fd))) &&
      (entry.theirs?.test(theirs) ?? true) && (entry.ours?.test(ours) ?? true) &&
      (entry.right === undefined || entry.right(theirs) === ours))
    if (found !== undefined) this.#used.add(found)
    return found !== undefined
  }

  /** The entries of this place that nothing needed. */
  unused(): string[] {
    return this.#entries.filter(entry => entry.random !== true && !this.#used.has(entry)).map(({ cause }) => cause)
  }
}

/** How sysdig is called, and the same for us. */
export interface Call {
  readonly flags?: readonly string[]
  readonly options?: FormatOptions
}

// Between values and behind the last one: no buffer in these files has such bytes.
const NEXT = '\x1e\x1f\x1e'
const END = '\x1d\x1f\x1d'

/** Every field. Returns how many values that were. */
export async function compareFields(judge: Judge, path: string): Promise<number> {
  let compared = 0
  for (const run of RUNS) compared += await compare(judge, path, run)
  return compared
}

/** These columns of each event. Returns how many values that were. */
export async function compare(
  judge: Judge, path: string, list: readonly Column[], { flags = [], options = {} }: Call = {},
): Promise<number> {
  const lines = await sysdig(path, [...flags, '-p', `*${list.map(({ format }) => format).join(NEXT)}${END}`], `${END}\n`)
  const formats = list.map(({ format }) => compileFormat(`*${format}`, options))
  return againstOurs(path, lines.length, (ev, index) => {
    const values = lines[index].split(NEXT)
    formats.forEach((format, i) => equal(judge, path, flags, list[i].fields, ev, values[i], textOf(format, ev)!))
  }).then(count => count * list.length)
}

/** Whole lines as sysdig prints them when it is called with these flags. Returns how many. */
export async function compareLines(judge: Judge, path: string, format: string, { flags = [], options = {} }: Call = {}): Promise<number> {
  const lines = await sysdig(path, flags, '\n')
  const compiled = compileFormat(format, options)
  const { fields } = column(format)
  return againstOurs(path, lines.length, (ev, index) => equal(judge, path, flags, fields, ev, lines[index], textOf(compiled, ev)!))
}

/** The members of the JSON objects with these columns; those that are equal as a whole at once. Returns how many objects. */
export async function compareJson(judge: Judge, path: string, names: readonly string[]): Promise<number> {
  const format = `*${names.map(name => `%${name}`).join(' ')}`
  const flags = ['-j']
  const lines = await sysdig(path, [...flags, '-p', format], '\n')
  const compiled = compileFormat(format, { json: true })
  return againstOurs(path, lines.length, (ev, index) => {
    const text = textOf(compiled, ev)!
    if (text === lines[index]) return
    const ours = membersOf(text)
    const theirs = membersOf(lines[index])
    assert.equal([...ours.keys()], [...theirs.keys()], `${basename(path)}: members`)
    for (const [name, value] of theirs) equal(judge, path, flags, [name], ev, value, ours.get(name)!)
  })
}

/** The members of an object as their texts, in order. */
function membersOf(line: string): Map<string, string> {
  const members = new Map<string, string>()
  const next = /[{,]"([^"]*)":("(?:[^"\\]|\\.)*"|[^",}]*)/y
  let end = 0
  for (let match = next.exec(line); match !== null; match = next.exec(line)) {
    members.set(match[1], match[2])
    end = next.lastIndex
  }
  assert.is(line.slice(end), '}', line)
  return members
}

function equal(
  judge: Judge, path: string, flags: readonly string[], fields: readonly string[], ev: Event, theirs: string | undefined, ours: string,
): void {
  if (ours === theirs || judge.allows(basename(path), flags.join(' '), fields, ev, theirs, ours, fdOf(ev))) return
  const where = `${basename(path)} ${flags.join(' ')}: ${fields.join(' ')} of event ${ev.num} (${ev.dir} ${ev.name})`
  assert.is(ours, theirs, `${where}\n  ours   ${JSON.stringify(ours)}\n  sysdig ${JSON.stringify(theirs)}`)
}

/** What sysdig prints, cut at the ends of its lines. */
export async function sysdig(path: string, args: readonly string[], end: string): Promise<string[]> {
  const { bytes, stderr } = await run('sysdig', ['-r', path, ...args])
  const lines = bytes.toString('latin1').split(end)
  assert.is(lines.pop(), '', `${basename(path)}: sysdig ${args.join(' ')}: ${stderr}`)
  return lines
}

/** Types that 0.29.3 does not know it leaves out; those of drivers' own it shows only when asked. */
const SYSDIG_TYPES = 336
const isShown = (ev: Event) =>
  ev.packet === undefined && ev.type < SYSDIG_TYPES && eventInfo(ev.type)!.category !== 'INTERNAL' && (ev.flags & 1) === 0

/** Calls `each` for the events that sysdig shows, in order. Returns how many. */
async function walk(path: string, each: (ev: Event, index: number) => void): Promise<number> {
  let count = 0
  try {
    for await (const burst of await openFile(path, { state: true })) {
      for (const ev of burst) if (isShown(ev)) each(ev, count++)
    }
  } catch (error) {
    // A file that is cut off gives everything before.
    if ((error as { code?: string }).code !== 'ERR_CAPTURE_TRUNCATED') throw error
  }
  return count
}

/** Calls `each` for as many events as sysdig has shown; there are no more of them, but where it stops. */
async function againstOurs(path: string, shown: number, each: (ev: Event, index: number) => void): Promise<number> {
  const file = basename(path)
  const count = await walk(path, (ev, index) => {
    if (index < shown) each(ev, index)
  })
  if (STOPS[file] === undefined) assert.is(count, shown, `${file}: events`)
  else assert.ok(shown < count, `${file}: ${STOPS[file]}`)
  return shown
}

/** The lines that we print, without those that are left out. */
export async function ourLines(path: string, format: string): Promise<string[]> {
  const compiled = compileFormat(format)
  const lines: string[] = []
  await walk(path, ev => {
    const text = textOf(compiled, ev)
    if (text !== undefined) lines.push(text)
  })
  return lines
}

const buffer = new TextBuffer()

/** The line of an event; undefined where it is left out. */
function textOf(format: Formatter, ev: Event): string | undefined {
  buffer.length = 0
  buffer.reserve(0)
  return format(buffer, ev) ? buffer.bytes.toString('latin1', 0, buffer.length) : undefined
}

/** The sum of what `work` returns for each item; two are in work at a time: one waits for sysdig while the other compares. */
export async function sum<T>(items: readonly T[], work: (item: T) => Promise<number>): Promise<number> {
  const queue = items.values()
  let total = 0
  await Promise.all([0, 1].map(async () => {
    for (const item of queue) {
      const one = await work(item)
      total += one
    }
  }))
  return total
}
