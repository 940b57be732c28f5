import type { Event } from '../event/event.js'
import type { TextBuffer } from '../event/textbuffer.js'

/** What a field's values are: PT_* of the driver's ppm_events_public.h without the prefix, in so far as fields have them. */
export type ValueType =
  | 'CHARBUF' | 'BYTEBUF'
  | 'INT8' | 'INT16' | 'INT32' | 'INT64' | 'UINT8' | 'UINT16' | 'UINT32' | 'UINT64'
  | 'BOOL' | 'DOUBLE' | 'RELTIME' | 'ABSTIME' | 'PORT'
  | 'IPADDR' | 'IPNET'
  /** Of the parameter that the field's argument names. */
  | 'DYN'

/**
 * A value: text; a number, as bigint where it may be beyond 2^53 (64-bit counters, absolute times in ns); an address as
 * 4 or 16 bytes in network order; bytes.
 */
export type Value = string | number | bigint | boolean | Uint8Array

/** How numbers are printed: decimal, upper-case hexadecimal, or decimal with zeros in front, nine digits. */
export type NumberFormat = 'DEC' | 'HEX' | 'PADDED'

/** The operators of the filter language. */
export type Operator =
  | '=' | '!=' | '<' | '<=' | '>' | '>=' | 'exists'
  | 'contains' | 'icontains' | 'bcontains' | 'startswith' | 'bstartswith' | 'endswith' | 'glob' | 'iglob' | 'regex'
  | 'in' | 'intersects' | 'pmatch'

/**
 * What of the state a field looks at: the tables that have to be kept for it. `program`: which threads there are, and what they run;
 * `thread`: also what else they are, from ids to directories; `call`: when the call began that an exit event ends; `usage`: what
 * memory they use; `traffic`: whether data went through a socket.
 */
export type Table = 'program' | 'thread' | 'call' | 'fd' | 'user' | 'container' | 'usage' | 'traffic'

/** A field with its argument: how to get its value from an event. */
export interface Extractor {
  /** The value in this event; undefined where it has none. Valid on its own, except for bytes: until the burst ends. */
  get(ev: Event): Value | undefined
  /** Of a field that is a list: all its values, of which `get` is the text. */
  all?(ev: Event): readonly Value[] | undefined
  /** Adds the text of the value; false, and nothing added, where there is none. For fields that are printed often. */
  write?(out: TextBuffer, ev: Event): boolean
  /** The same as JSON, for fields that are something else there: times are numbers of nanoseconds. */
  writeJson?(out: TextBuffer, ev: Event): boolean
  /**
   * The check with this operator against these operands (as they stand in the filter, quotes and escapes resolved), for
   * fields that compare in a way of their own: either end of a connection, any ancestor, a set of event types. Undefined:
   * the comparison of `type`. Throws a RangeError whose message says what is wrong with an operand.
   */
  compare?(operator: Operator, operands: readonly string[]): ((ev: Event) => boolean) | undefined
  /** Where `type` is DYN: what it is with this argument. */
  readonly type?: ValueType
  readonly format?: NumberFormat
}

/** One field of the filter and format language. */
export interface Field {
  /** As in filters and formats: "fd.sip". */
  readonly name: string
  readonly type: ValueType
  readonly format?: NumberFormat
  /** Its values are a list: `in` and `intersects` look at each. */
  readonly list?: true
  /** One sentence, for `sysring fields` and the documentation. */
  readonly doc: string
  /** Takes an argument, `evt.arg.name` or `evt.arg[0]`: must it, or may it? */
  readonly arg?: 'required' | 'optional'
  /** Can be tested in a filter, but has no text of its own. */
  readonly filterOnly?: true
  /** Not in sysdig 0.29.3: the version of libs that has it; 'sysring' where none has. */
  readonly since?: string
  /** What has to be known beside the event; nothing by default. */
  readonly needs?: readonly Table[]
  /** The field with this argument. Throws a RangeError whose message says what is wrong with the argument. */
  bind(arg: string | undefined): Extractor
}
