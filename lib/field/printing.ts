import { type BufferStyle, DEFAULT_STYLE, setBufferStyle } from '../event/buffertext.js'

/**
 * What evt.outputtime shows: the local time of day, seconds since the epoch, seconds since the first event, the time that
 * the call took, or the time since the line before. As sysdig's -t.
 */
export type TimeFormat = 'h' | 'a' | 'r' | 'd' | 'D'

/** What does not depend on the format's text, but on how it is printed. */
export interface Printing {
  readonly time: TimeFormat
  readonly buffers: BufferStyle
}

export const DEFAULT_PRINTING: Printing = Object.freeze({ time: 'h', buffers: DEFAULT_STYLE })

// Fields do not know who prints them, and filters print nothing: a formatter says it before each of its lines.
let current = DEFAULT_PRINTING

/** How fields are printed from now on, until the next call. */
export function setPrinting(printing: Printing): void {
  if (printing === current) return
  current = printing
  setBufferStyle(printing.buffers)
}

export function timeFormat(): TimeFormat {
  return current.time
}
