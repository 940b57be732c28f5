/** Reads what test/kernel/programs/names.h writes, and says from it what each event must be called. */
import { closeSync, openSync, readSync } from 'node:fs'

export interface Line {
  readonly verb: string
  readonly values: Readonly<Record<string, string>>
}

const LINE = 768
const LINES_AT = 4
export const FIRST_MARKER = 1000

export function readBook(path: string): Line[] {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(LINES_AT)
    readSync(file, head, 0, LINES_AT, 0)
    const bytes = Buffer.alloc(head.readUInt32LE() * LINE)
    readSync(file, bytes, 0, bytes.length, LINES_AT)
    return Array.from({ length: bytes.length / LINE }, (_, i) => parse(bytes.toString('utf8', i * LINE, bytes.indexOf(0, i * LINE))))
  } finally {
    closeSync(file)
  }
}

function parse(text: string): Line {
  const [verb, ...pairs] = text.split('\t')
  return { verb, values: Object.fromEntries(pairs.map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])) }
}

/** What an event showed, taken down while it was at hand. */
export interface Seen {
  readonly tid: number
  readonly name: string
  readonly dir: 'enter' | 'exit'
  /** The fd that the event must be about, by its own parameters and those of its enter event. */
  readonly fd: number | undefined
  /** Of a marker: the line's number. */
  readonly marker: number | undefined
  readonly values: Readonly<Record<string, unknown>>
}

type Values = Readonly<Record<string, string>>

/** What the lines have said up to an event. */
export class Known {
  readonly threads = new Map<number, Values>()
  readonly tables = new Map<string, Map<number, Values>>()
  /** Ports that somebody listens at, or takes datagrams at. */
  readonly ports = new Set<string>()
  /** Fds that close_range closes some time, and those that F_SETFD marks. */
  readonly ranged = new Set<number>()
  readonly marked = new Set<number>()
  /** What was open before the first event, by its link. */
  readonly early = new Set<string>()

  constructor(lines: readonly Line[]) {
    for (const { verb, values } of lines) {
      if (verb === 'gone' && values.since === 'close_range') this.ranged.add(Number(values.fd))
      if (verb === 'marked') this.marked.add(Number(values.fd))
    }
  }

  table(name: string): Map<number, Values> {
    let table = this.tables.get(name)
    if (table === undefined) this.tables.set(name, (table = new Map()))
    return table
  }

  /** `early`: it was so before the first event. */
  apply({ verb, values }: Line, early = false): void {
    const table = values.table === undefined ? undefined : this.table(values.table)
    const fd = Number(values.fd)
    if (verb === 'thread') this.threads.set(Number(values.tid), values)
    else if (verb === 'copy') this.tables.set(values.table, new Map(this.table(values.from)))
    else if (verb === 'fresh') this.tables.set(values.table, new Map())
    else if (verb === 'gone') table!.delete(fd)
    else if (verb === 'peer') table!.set(fd, { ...table!.get(fd), peer: values.name })
    else if (verb === 'fd') {
      const before = table!.get(fd)
      const same = before?.ino === values.ino && before.link === values.link
      // A connection that is over is still called what it was.
      const over = same && before.remote !== undefined && before.remote !== '' && values.remote === ''
      table!.set(fd, over ? before : { ...values, ...(same && before.peer !== undefined && { peer: before.peer }) })
      if (values.listens === '1') this.ports.add(values.local)
      if (early) this.early.add(values.link)
    }
  }
}

/** By index of the event at which it holds: what lines say. Those of before the first event stand at -1. */
export function schedule(lines: readonly Line[], events: readonly Seen[]): Map<number, Line[]> {
  const at = new Map<number, Line[]>()
  const put = (index: number, line: Line) => { at.set(index, [...(at.get(index) ?? []), line]) }
  const placed = new Map<number, number>()
  /** By tid: the first event, and its last exit event of each name. */
  const first = new Map<number, number>()
  const last = new Map<string, number>()
  events.forEach(({ tid, name, dir, marker }, index) => {
    if (!first.has(tid)) first.set(tid, index)
    if (marker === undefined) {
      if (dir === 'exit') last.set(`${tid} ${name}`, index)
    } else if (!placed.has(marker)) {
      const names = (lines[marker]?.values.since ?? '').split('|')
      const since = names[0] === 'first' ? first.get(tid)! : Math.max(...names.map(name => last.get(`${tid} ${name}`) ?? -1))
      placed.set(marker, since >= 0 ? since : index)
    }
  })
  lines.forEach((line, number) => put(placed.get(number) ?? -1, line))
  return at
}
