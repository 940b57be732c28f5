import {
  epochSeconds, iso8601, localDate, timeOfDay, timeOfDaySeconds, withinSecond, writeEpochNanoseconds, writeTimeOfDay,
} from '../event/clock.js'
import type { Event } from '../event/event.js'
import { textOf } from '../event/text.js'
import type { TextBuffer } from '../event/textbuffer.js'
import { byType } from './bytype.js'
import { define } from './define.js'
import { durationText } from './duration.js'
import type { Extractor, Field, ValueType } from './field.js'
import { timeFormat } from './printing.js'

const SECOND = 1_000_000_000
const DOT = 0x2e

/** In JSON every time of day is the number of nanoseconds since the epoch. */
const writeJson = (out: TextBuffer, ev: Event): true => {
  out.reserve(0)
  writeEpochNanoseconds(out, ev)
  return true
}

const TIME_OF_DAY: readonly Field[] = [
  define('evt.time', 'CHARBUF', 'Local time of day, with nanoseconds.', {
    get: timeOfDay,
    writeJson,
    write: (out, ev) => {
      out.reserve(0)
      writeTimeOfDay(out, ev)
      return true
    },
  }),
  define('evt.time.s', 'CHARBUF', 'Local time of day, in whole seconds.', { get: timeOfDaySeconds, writeJson }),
  define('evt.time.iso8601', 'CHARBUF', 'Date and time in UTC as ISO 8601 writes them, with nanoseconds.', { get: iso8601, writeJson }),
  define('evt.datetime', 'CHARBUF', 'Local date and time, with nanoseconds.',
    { writeJson, get: (ev) => `${localDate(ev)} ${timeOfDay(ev)}` }),
  define('evt.datetime.s', 'CHARBUF', 'Local date and time, in whole seconds.',
    { writeJson, get: (ev) => `${localDate(ev)} ${timeOfDaySeconds(ev)}` }),
]

const RAW_TIME: readonly Field[] = [
  define('evt.rawtime', 'ABSTIME', 'Nanoseconds since the epoch.', { get: (ev) => ev.ts, write: writeJson, writeJson }),
  define('evt.rawtime.s', 'ABSTIME', 'Whole seconds since the epoch.', epochSeconds),
  define('evt.rawtime.ns', 'ABSTIME', 'Nanoseconds of the time since its second began.',
    { get: withinSecond, writeJson: asNumber(withinSecond) }, { format: 'PADDED' }),
]

/**
 * Nanoseconds as such, in whole seconds, and what is left of them: what fields with a duration come as. They are unsigned:
 * where the order of time is broken, less than nothing is nearly 2^64.
 */
const PARTS = [
  { suffix: '', words: 'in nanoseconds', of: (ns: number) => (ns < 0 ? unsigned(ns) : ns) },
  {
    suffix: '.s', words: 'in whole seconds',
    of: (ns: number) => (ns < 0 ? Number(unsigned(ns) / 1_000_000_000n) : Math.floor(ns / SECOND)),
  },
  {
    suffix: '.ns', words: 'the nanoseconds beyond the whole seconds',
    of: (ns: number) => (ns < 0 ? Number(unsigned(ns) % 1_000_000_000n) : ns % SECOND),
  },
] as const

function unsigned(ns: number): bigint {
  return BigInt.asUintN(64, BigInt(ns))
}

const RELATIVE: readonly Field[] = PARTS.map(({ suffix, words, of }) => {
  const get = (ev: Event) => (ev._state === undefined ? undefined : of(ev._state.time))
  return define(`evt.reltime${suffix}`, 'RELTIME', `Time since the first event, ${words}.`,
    { get, writeJson: asNumber(get) }, { format: suffix === '.s' ? 'DEC' : 'PADDED', needs: ['thread'] })
})

const LATENCY: readonly Field[] = PARTS.map(({ suffix, words, of }) => {
  const get = (ev: Event) => {
    const ns = latency(ev)
    return ns === undefined ? undefined : of(ns)
  }
  return define(
    `evt.latency${suffix}`, 'RELTIME',
    `How long the call took, from its enter to its exit event, ${words}; 0 for enter events.`,
    { get, writeJson: asNumber(get) }, { format: suffix === '.ns' ? 'PADDED' : 'DEC', needs: ['thread', 'call'] })
})

const isInternal = byType(({ category }) => category === 'INTERNAL', false)

/** 0 where the thread is not known; undefined for events that no call makes. */
function latency(ev: Event): number | undefined {
  const thread = ev._thread
  if (thread === undefined) return 0
  return isInternal(ev.type) ? undefined : thread.latency
}

const LATENCY_TEXTS: readonly Field[] = [
  define(
    'evt.latency.quantized', 'UINT64',
    'The column of a spectrogram that evt.latency falls into; without a screen there is but one, 1, and 0 from 100 s on.',
    (ev) => {
      const ns = ev._thread === undefined ? undefined : latency(ev)
      return ns === undefined || ns === 0 ? undefined : ns < 0 || ns >= 100 * SECOND ? 0 : 1
    }, { needs: ['thread', 'call'] }),
  define('evt.latency.human', 'CHARBUF', 'evt.latency for people, such as 10.3ms.',
    (ev) => {
      const ns = latency(ev)
      return ns === undefined ? undefined : durationText(ns < 0 ? 2 ** 63 : ns)
    }, { needs: ['thread', 'call'] }),
]

/** Time since the event that was last asked for: of each formatter and each filter its own. */
class Delta {
  #high = 0
  #low = 0

  /** Nanoseconds; 0 for the first event. Less than 0 where the order of time is broken. */
  next(ev: Event): number {
    const { tsHi, tsLo } = ev
    const delta = this.#high === 0 && this.#low === 0 ? 0 : (tsHi - this.#high) * 0x1_0000_0000 + (tsLo - this.#low)
    this.#high = tsHi
    this.#low = tsLo
    return delta
  }
}

const DELTA: readonly Field[] = PARTS.map(({ suffix, words, of }) => ({
  name: `evt.deltatime${suffix}`,
  type: 'RELTIME' as ValueType,
  format: suffix === '.ns' ? 'PADDED' as const : 'DEC' as const,
  doc: `Time since the event before, of those that are shown, ${words}.`,
  bind: (): Extractor => {
    const delta = new Delta()
    const get = (ev: Event) => of(delta.next(ev))
    return { get, writeJson: (out, ev) => writeNumber(out, get(ev)) }
  },
}))

const OUTPUT_TIME: Field = {
  name: 'evt.outputtime',
  type: 'CHARBUF',
  doc: 'The time as the formatter is told to show it, local time of day by default.',
  bind: () => {
    const delta = new Delta()
    const write = (out: TextBuffer, ev: Event): true => {
      out.reserve(0)
      switch (timeFormat()) {
        case 'h':
          writeTimeOfDay(out, ev)
          break
        case 'a':
          // Nobody has put the zeros in, so far.
          out.decimal(epochSeconds(ev))
          out.byte(DOT)
          out.decimal(withinSecond(ev))
          break
        case 'r':
          writeSeconds(out, ev._state?.time ?? 0)
          break
        case 'd':
          writeSeconds(out, ev._thread?.latency ?? 0)
          break
        case 'D':
          writeSeconds(out, delta.next(ev))
      }
      return true
    }
    return { get: (ev) => textOf((out) => write(out, ev)), write, writeJson }
  },
}

/** "1.000000002" */
function writeSeconds(out: TextBuffer, ns: number): void {
  const [, seconds, rest] = PARTS
  out.decimal(seconds.of(ns))
  out.byte(DOT)
  out.nineDigits(rest.of(ns))
}

function asNumber(get: (ev: Event) => number | bigint | undefined): (out: TextBuffer, ev: Event) => boolean {
  return (out, ev) => {
    const value = get(ev)
    return value !== undefined && writeNumber(out, value)
  }
}

/** In JSON less than nothing has a minus. */
function writeNumber(out: TextBuffer, value: number | bigint): true {
  out.reserve(0)
  if (typeof value === 'number') out.decimal(value)
  else out.text(`${BigInt.asIntN(64, value)}`)
  return true
}

export const TIME_FIELDS: readonly Field[] = [
  ...TIME_OF_DAY, ...RAW_TIME, ...RELATIVE, ...LATENCY, ...LATENCY_TEXTS, ...DELTA, OUTPUT_TIME,
]
