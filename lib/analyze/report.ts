import type { Stats } from '../iface/capture.js'

/** What a cell holds; bytes are text by then. */
export type Cell = string | number | bigint | boolean | undefined
export type Row = readonly Cell[]

/**
 * What is in a column, for those who print it: numbers that are bytes, nanoseconds, parts of a hundred, or how many; text; or data that was read
 * or written, which may be several lines.
 */
export type Unit = 'bytes' | 'ns' | 'percent' | 'count' | 'time' | 'text' | 'data'

export interface Column {
  /** For programs: the same in every version. */
  readonly name: string
  /** For people. */
  readonly title: string
  /** Default 'text'. `time`: nanoseconds since the epoch. */
  readonly unit?: Unit
}

/** Colours that a line may have, in the terminal's own shade. */
export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'cyan'

/** Gives text a colour, where there are any. */
export type Paint = (colour: Colour, text: string) => string

/** What an analyzer has to say of an interval, or of everything. */
export interface Report {
  readonly analyzer: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  /** The time it is about, in milliseconds since the epoch; of no events at all NaN. */
  readonly fromMs: number
  readonly toMs: number
  /** Number of the interval, from 0. */
  readonly interval: number
  /** Events that were looked at in it, those of the filter only. */
  readonly events: number
  /** Events that no row tells of, because there were more keys than `maxKeys`. */
  readonly cut: number
  /** Nothing comes after it. */
  readonly isLast: boolean
  /** What became of all records so far; of captures that other threads read, only in the last report. */
  readonly stats?: Stats
}
