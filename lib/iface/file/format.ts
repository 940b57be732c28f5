import { CaptureError } from '../../errors.js'
import type { Cursor, Lost } from '../burst.js'
import type { Interface } from '../capture.js'
import type { MetadataBlock } from '../metadata.js'
import type { Sequences } from '../sequences.js'

/**
 * One file format. As a cursor it walks the records in the window, in place, and stops at everything else: the window's
 * end, a block that is no record, a record that does not hold together. settle() is called between bursts; it takes in
 * what is no record, and says what is wrong.
 */
export interface Format extends Cursor {
  readonly interfaces: readonly Interface[]
  readonly metadata: readonly MetadataBlock[]
  readonly section: number
  /** What the file itself says was lost when it was recorded. A new object when that changes. */
  readonly dropped: Lost
  /** The numbers of frames in it, which tell what more was lost. */
  readonly sequences: Sequences
  /**
   * Moves the window on to the next record. Returns 0 when it stands there, complete and checked; otherwise how many
   * bytes are needed in the window to go on. Throws ERR_CAPTURE_FORMAT for bytes that cannot be.
   */
  settle(): number
}

/** The longest block that is kept in memory in one piece. */
export const MAX_BLOCK = 16 * 1024 * 1024

export function malformed(what: string, offset: number): CaptureError {
  return new CaptureError(
    'ERR_CAPTURE_FORMAT',
    `${what} at offset ${offset}`,
    'the file is damaged here; everything before was delivered. If other tools read on, please report it with the file',
  )
}
