import { Event } from '../event/event.js'
import { Lease } from '../event/lease.js'

/** Walks the records of one lent piece of memory. Implemented by ring readers and by each file format. */
export interface Cursor {
  /**
   * Moves `event` to the next record and returns true; false when there is none left. `event.num` counts one record already;
   * a cursor that passes over others counts them too.
   */
  next(event: Event): boolean
  /**
   * Says by event code (65,536 of them) which records nobody wants to see: those that are 0 here may be passed over without being
   * looked at, which `passed` counts; undefined: none. With `own`, those that are OWN here are wanted of the threads alone that are 1 in
   * it, by the lower 16 bits of the tid. Of cursors that can do that faster than by showing them.
   */
  passOver?(wanted: Uint8Array | undefined, own?: Uint8Array): void
  readonly passed?: number
  /**
   * Shows the records that next() has still to come to, of the types that are 1 in `wanted`, by event code, in any order and without
   * moving on. Of cursors whose records others want to know early.
   */
  ahead?(wanted: Uint8Array, see: (event: Event) => void): void
}

/** See Cursor.passOver(). */
export const OWN = 2

/** Events that did not arrive since the burst before, by cause. */
export interface Lost {
  total: number
  [cause: string]: number
}

/** What `dropped` has more than `before`, by cause; moves that up to it. What has turned up after all is not taken back. */
export function lostSince(before: Lost, dropped: Lost): Lost {
  const lost: Lost = { total: 0 }
  for (const cause of Object.keys(dropped)) {
    if (cause === 'total') continue
    lost.total += lost[cause] = Math.max(0, dropped[cause] - (before[cause] ?? 0))
    before[cause] = (before[cause] ?? 0) + lost[cause]
  }
  return lost
}

/**
 * The unit of delivery: the records that were there when the consumer asked, walked synchronously.
 *
 * It may turn out empty, where all of its records were left out.
 *
 * Its memory is leased: it is valid until the loop over the capture takes its next turn, or until `release()`. Walk it
 * once; what is not walked still counts as delivered.
 */
export class Burst implements IterableIterator<Event> {
  /** What the kernel had to drop since the burst before. */
  lost: Lost = NOTHING_LOST
  /** @internal */ readonly _lease = new Lease()
  /** @internal The event that it moves. */ readonly _event = new Event()
  readonly #result: { done: boolean; value: Event }
  #cursor: Cursor
  /** Records that it may still hand out, and could when it was opened. */
  #remaining = 0
  #limit = 0
  /** Records handed out in the bursts before. */
  #before = 0

  /** @internal */
  constructor(cursor: Cursor) {
    this.#cursor = cursor
    this.#result = { done: false, value: this._event }
    this._event._lease = this._lease
  }

  /** @internal Opens the burst on what the cursor now stands before; at most `limit` records. */
  _open(limit: number): void {
    this.#before = this._count
    this.#limit = this.#remaining = Math.min(limit, MAX_RECORDS)
    this.#result.done = false
  }

  /** @internal Records handed out in the capture so far. */
  get _count(): number {
    return this.#before + this.#limit - this.#remaining
  }

  /** @internal Is the burst at its limit? There may be more. */
  get _exhausted(): boolean {
    return this.#remaining === 0
  }

  /** @internal See Cursor.ahead(). */
  _ahead(wanted: Uint8Array, see: (event: Event) => void): void {
    this.#cursor.ahead?.(wanted, see)
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<Event, undefined> {
    if (this.#remaining > 0) {
      this._event.num++
      if (this.#cursor.next(this._event)) {
        this.#remaining--
        return this.#result as IteratorYieldResult<Event>
      }
      this._event.num--
    }
    this.#result.done = true
    return this.#result as unknown as IteratorResult<Event, undefined>
  }

  /**
   * @internal Moves `_event` on, as next() does, for stages between this burst and the consumer's: code of its own, so that V8 knows
   * the cursors of either.
   */
  _step(): boolean {
    if (this.#remaining === 0) return false
    const event = this._event
    event.num++
    if (this.#cursor.next(event)) {
      this.#remaining--
      return true
    }
    event.num--
    return false
  }

  /**
   * Ends the lease now instead of at the loop's next turn. Records that were not walked are passed over and count as
   * delivered, because they were offered.
   */
  release(): void {
    while (this.next().done !== true) { /* counting only */ }
    this.#before = this._count
    this.#limit = this.#remaining = 0
    this._lease.end()
    this._event._end()
  }
}

/** More than any memory that is lent holds, and still one of V8's small integers: counting down to it costs an instruction. */
const MAX_RECORDS = 2 ** 30 - 1

const NOTHING_LOST: Lost = Object.freeze({ total: 0 })
