import type { Event } from '../event/event.js'
import type { Burst } from '../iface/burst.js'
import type { Capture } from '../iface/capture.js'

/**
 * One capture of a merge: the burst that it lends, and the event that stands at its next record.
 *
 * Its burst stays open, and its memory lent, until all of it was handed out; that may take several of the merge's own bursts.
 */
export class Source {
  readonly capture: Capture
  /** Stands at the next record, if `ready`. */
  readonly event: Event
  /** There is a record that was not handed out yet. */
  ready = false
  /** There will be no more. */
  ended = false
  /** What it ended with. */
  error: unknown
  /** By the numbers that its records use: interfaces of the merge. */
  readonly ifaces: number[] = []
  /** Losses of bursts that were opened since they were last asked for. */
  lost = 0
  readonly #burst: Burst
  readonly #opened: (source: Source) => void
  #open = false
  #pulling: Promise<void> | undefined
  // When a live source has looked, in ms since the epoch.
  /** For the burst that is open. */
  #lookedFor = NEVER
  /** For a burst that ended at its limit, with more behind it. */
  #cutAt = NEVER
  /** And has given everything that it found. */
  #lookedAt = NEVER

  /** Makes the merge the capture's consumer. `opened` is told of each burst before its first record is looked at. */
  constructor(capture: Capture, opened: (source: Source) => void) {
    capture._take()
    this.capture = capture
    this.#burst = capture._burst
    this.event = this.#burst._event
    this.#opened = opened
  }

  /** Is it worth waiting for? Files are: they always have a next record or an end. */
  get awaited(): boolean {
    return this.capture._lookedAt === undefined
  }

  /** Moves to the next record of the burst; false when there is none. */
  step(): boolean {
    if (this.#burst._step()) return true
    this.ready = false
    if (this.#burst._exhausted) this.#cutAt = this.#lookedFor
    else this.#lookedAt = this.#lookedFor
    return false
  }

  /** Asks for the next burst, unless there still are records; undefined when there is nothing to wait for. Never rejects. */
  pull(): Promise<void> | undefined {
    if (this.ready || this.ended) return undefined
    return (this.#pulling ??= this.#pull().finally(() => {
      this.#pulling = undefined
    }))
  }

  async #pull(): Promise<void> {
    try {
      const more = await this.capture._advance()
      const looked = this.capture._lookedAt ?? NEVER
      if (more === false) this.ended = true
      else if (more === undefined && looked !== this.#cutAt) this.#lookedAt = looked
      if (more !== true) return
      this.#open = true
      this.#lookedFor = looked
      this.lost += this.#burst.lost.total
      this.#opened(this)
      this.ready = true
      if (!this.step()) this.release()
    } catch (error) {
      this.error = error
      this.ended = true
    }
  }

  /**
   * No record that is still to come is older than that, but for such as were on their way for more than `windowMs`; in ms since the
   * epoch. Asked for when there is none at hand.
   */
  horizon(windowMs: number): number {
    if (this.ended) return Infinity
    return this.#lookedAt - windowMs
  }

  /** All of the burst was handed out, and nobody looks at it any more: its memory goes back. */
  release(): void {
    if (this.ready || !this.#open) return
    this.#open = false
    this.capture._release()
  }
}

/** Also of files. */
const NEVER = -Infinity
