import { CaptureError } from '../errors.js'
import { type Event, FLAG_STATE_ONLY } from '../event/event.js'
import { EVENT_COUNT, eventInfo, eventName } from '../event/table.js'
import { argText, TextBuffer } from '../event/text.js'
import type { Table } from '../field/field.js'
import type { Capture } from '../iface/capture.js'
import { STATE_NAMES } from '../state/names.js'
import type { Chunk } from './chunk.js'
import { type Format, type Source, write } from './format.js'

/**
 * Writes a trace that Perfetto (ui.perfetto.dev), chrome://tracing and speedscope open: each call as a slice of its thread, from its enter
 * to its exit event, with the arguments of both; other events and packets as instants. The capture needs `state: true`.
 *
 * It is made as the events come: of each thread only the call that is under way is kept. Times are µs since the first record, which
 * is told in a metadata event named sysring.
 *
 * @example await pipeline(await open('sysdig', { state: true, maxDurationMs: 1000 }), chrome(), createWriteStream('trace.json', { mode: 0o600 }))
 */
export function chrome(): (source: Capture) => AsyncGenerator<Uint8Array, void, void> {
  return source => write(source, new ChromeFormat())
}

/** @internal What its names and arguments are taken from. */
export const CHROME_TABLES: ReadonlySet<Table> = new Set(['thread', 'fd', 'user'])

/** A call that is under way. */
interface Call {
  readonly name: string
  readonly category: string
  readonly pid: number
  readonly hi: number
  readonly lo: number
  readonly args: Record<string, string | number>
}

/** A thread of which there were events. */
interface Thread {
  /** What it was told to be called. */
  name: string
  /** Its first call has begun, or ended. */
  called: boolean
}

/** Calls under way, and names that were told, at most; the kernel's own limit is higher, but no machine has so many threads that do something. */
const MAX_THREADS = 1 << 16
const NEWLINE = 0x0a
const OPENING = Buffer.from('[')
const CLOSING = Buffer.from('\n]\n')
/** The process of packets whose owner is not known: an id that no process has (PID_MAX_LIMIT). */
const NOBODY = 1 << 22

/** @internal Trace Event Format, as an array: without its end, as after a full disk, it can still be read. */
export class ChromeFormat implements Format {
  /** A record makes room for itself. */
  readonly overhead = 0
  readonly #line = new TextBuffer()
  /** By tid. */
  readonly #calls = new Map<number, Call>()
  readonly #threads = new Map<number, Thread>()
  /** What processes were told to be called. */
  readonly #processes = new Map<number, string>()
  /** Time of the first record. */
  #firstHi = 0
  #firstLo = 0
  #begun = false
  /** Are there enter events at all? */
  #hasEnter = false

  header(_source: Source, out: Chunk): void {
    out.bytes(OPENING)
  }

  section(): void {}

  record(ev: Event, out: Chunk): void {
    if ((ev.flags & FLAG_STATE_ONLY) !== 0) return
    if (!this.#begun) this.#begin(ev, out)
    if (ev.packet !== undefined) return this.#packet(ev, out)
    if (ev._state === undefined) {
      throw new CaptureError('ERR_CAPTURE_OPTION', 'slices are shown by process, and this capture knows none', 'open it with { state: true }')
    }
    const tid = Math.max(0, ev.tid)
    const pid = Math.max(0, ev._thread?.pid ?? tid)
    const thread = this.#tell(ev, pid, tid, out)
    const kind = kinds[ev.type] ?? INSTANT
    if (kind === ENTER) this.#enter(ev, pid, tid, out)
    else if (kind === EXIT) this.#exit(ev, pid, tid, thread.called, out)
    if (kind !== INSTANT) thread.called = true
    else {
      this.#instant(eventName(ev), categoryOf(ev), ev.tsHi, ev.tsLo, pid, tid, argsOf(ev), out)
      if (eventName(ev) === 'procexit') this.#ended(ev, tid, out)
    }
  }

  /** Calls that are still under way begin, and have no end. */
  end(_source: Source, out: Chunk): void {
    for (const [tid, { name, category, pid, hi, lo, args }] of this.#calls) {
      this.#write({ ph: 'B', name, cat: category, ts: this.#since(hi, lo), pid, tid, args }, out)
    }
    this.close(out)
  }

  close(out: Chunk): void {
    out.reserve(CLOSING.length)
    out.bytes(CLOSING)
  }

  /** Up to the end of the last event's line. */
  whole(chunk: Uint8Array, limit: number): number {
    if (limit >= chunk.length) return limit
    // Each line begins with its newline; before it stands the comma that goes with the line.
    const at = chunk.subarray(0, limit).lastIndexOf(NEWLINE)
    return at <= 0 ? 0 : chunk[at - 1] === COMMA ? at - 1 : at
  }

  #begin(ev: Event, out: Chunk): void {
    this.#begun = true
    this.#firstHi = ev.tsHi
    this.#firstLo = ev.tsLo
    const { ts } = ev
    // The first line is the one without a comma.
    this.#write({ ph: 'M', name: 'sysring', pid: 0, tid: 0, args: { begin_ns: String(ts), begin: new Date(Number(ts / 1_000_000n)).toISOString() } }, out, '\n')
  }

  #enter(ev: Event, pid: number, tid: number, out: Chunk): void {
    this.#hasEnter = true
    this.#unfinished(tid, out)
    if (this.#calls.size >= MAX_THREADS) this.#unfinished(this.#calls.keys().next().value!, out)
    this.#calls.set(tid, { name: eventName(ev), category: categoryOf(ev), pid, hi: ev.tsHi, lo: ev.tsLo, args: argsOf(ev) })
  }

  #exit(ev: Event, pid: number, tid: number, called: boolean, out: Chunk): void {
    const name = eventName(ev)
    const call = this.#calls.get(tid)
    const args = argsOf(ev)
    if (call?.name === name) {
      this.#calls.delete(tid)
      this.#slice(call, tid, ev, { ...call.args, ...args }, out)
      return
    }
    this.#unfinished(tid, out)
    const category = categoryOf(ev)
    // A thread of which this is the first call, and which is not new, was in it when the capture began.
    if (this.#hasEnter && !called && !(isClone(name) && args.res === 0)) {
      this.#slice({ name, category, pid, hi: this.#firstHi, lo: this.#firstLo, args }, tid, ev, { ...args, begun: 'before the capture' }, out)
    } else {
      this.#instant(name, category, ev.tsHi, ev.tsLo, pid, tid, args, out)
    }
  }

  /** The thread has ended, and its call with it. */
  #ended(ev: Event, tid: number, out: Chunk): void {
    const call = this.#calls.get(tid)
    if (call !== undefined) this.#slice(call, tid, ev, { ...call.args, ended: 'with the thread' }, out)
    this.#calls.delete(tid)
    this.#threads.delete(tid)
  }

  /** The exit event of the thread's call was lost: as a slice it would hold all that follows. */
  #unfinished(tid: number, out: Chunk): void {
    const call = this.#calls.get(tid)
    if (call === undefined) return
    this.#calls.delete(tid)
    this.#instant(call.name, call.category, call.hi, call.lo, call.pid, tid, { ...call.args, ended: 'not known' }, out)
  }

  #slice({ name, category, pid, hi, lo }: Call, tid: number, ev: Event, args: Call['args'], out: Chunk): void {
    const ts = this.#since(hi, lo)
    this.#write({ ph: 'X', name, cat: category, ts, dur: Math.max(0, round(this.#since(ev.tsHi, ev.tsLo) - ts)), pid, tid, args }, out)
  }

  #instant(name: string, cat: string, hi: number, lo: number, pid: number, tid: number, args: Call['args'], out: Chunk): void {
    this.#write({ ph: 'i', s: 't', name, cat, ts: this.#since(hi, lo), pid, tid, args }, out)
  }

  #packet(ev: Event, out: Chunk): void {
    const { process, peer } = ev
    const { pid, tid } = process ?? { pid: NOBODY, tid: NOBODY }
    this.#name(pid, tid, process?.comm ?? 'packets', process?.comm ?? 'packets', out)
    const args = { len: ev.len, ...process !== undefined && { dir: process.direction, fd: process.fd }, ...peer !== undefined && { peer: `${peer.comm} (${peer.pid})` } }
    this.#instant('packet', 'packet', ev.tsHi, ev.tsLo, pid, tid, args, out)
  }

  #tell(ev: Event, pid: number, tid: number, out: Chunk): Thread {
    const comm = ev._thread?.comm ?? ''
    return this.#name(pid, tid, (pid === tid ? undefined : ev._state!.thread(pid)?.comm) ?? comm, comm, out)
  }

  /** Says how a thread and its process are called, where that is known and new. */
  #name(pid: number, tid: number, process: string, name: string, out: Chunk): Thread {
    let thread = this.#threads.get(tid)
    if (thread === undefined) {
      // To be told once more does no harm.
      if (this.#threads.size >= MAX_THREADS) this.#threads.clear()
      this.#threads.set(tid, thread = { name: '', called: false })
    }
    if (name !== '' && thread.name !== name) {
      thread.name = name
      this.#write({ ph: 'M', name: 'thread_name', pid, tid, args: { name } }, out)
    }
    if (process !== '' && this.#processes.get(pid) !== process) {
      if (this.#processes.size >= MAX_THREADS) this.#processes.clear()
      this.#processes.set(pid, process)
      this.#write({ ph: 'M', name: 'process_name', pid, tid, args: { name: process } }, out)
    }
    return thread
  }

  /** µs since the first record, exact to the nanosecond for a month. */
  #since(hi: number, lo: number): number {
    return round(((hi - this.#firstHi) * 0x1_0000_0000 + (lo - this.#firstLo)) / 1000)
  }

  #write(event: object, out: Chunk, before = ',\n'): void {
    const line = this.#line
    line.length = 0
    line.text(before)
    line.text(JSON.stringify(event))
    out.reserve(line.length)
    out.bytes(line.bytes.subarray(0, line.length))
  }
}

const COMMA = 0x2c

/** What a type of event is in a trace: the beginning of a call, its end, or neither. */
const ENTER = 1
const EXIT = 2
const INSTANT = 3
const kinds = Uint8Array.from({ length: EVENT_COUNT }, (_, type) => {
  const isExit = (type & 1) === 1
  if (!isUsed(type)) return INSTANT
  return isExit ? (isUsed(type - 1) ? EXIT : INSTANT) : isUsed(type + 1) ? ENTER : INSTANT
})

function isUsed(type: number): boolean {
  const info = eventInfo(type)
  return info !== undefined && !info.flags.includes('UNUSED')
}

function isClone(name: string): boolean {
  return name === 'clone' || name === 'clone3' || name === 'fork' || name === 'vfork'
}

function categoryOf({ type }: Event): string {
  return eventInfo(type)?.category.toLowerCase() ?? 'other'
}

/** The arguments by name as sysdig prints them, numbers as numbers. */
function argsOf(ev: Event): Record<string, string | number> {
  const args: Record<string, string | number> = {}
  const { type } = ev
  if (type < 2) return args
  const params = eventInfo(type)?.params ?? []
  const count = Math.min(params.length, ev.nparams)
  for (let i = 0; i < count; i++) {
    const text = argText(ev, i, STATE_NAMES) ?? ''
    args[params[i].name] = /^-?\d{1,15}$/.test(text) ? Number(text) : text
  }
  return args
}

/** To the nanosecond. */
function round(us: number): number {
  return Math.round(us * 1000) / 1000
}
