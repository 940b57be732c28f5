/** Frames that may overtake one another and still be told from lost ones and from copies. A multiple of 32, and a power of two. */
export const WINDOW = 65_536
const MASK = WINDOW - 1

/** What became of the frames of one sender, as far as their numbers tell. */
export interface StreamStats {
  /** What its sender drew: NicSender.stream. */
  stream: number
  /** Frames that arrived, copies not counted. */
  received: number
  /** Frames that were sent and have not arrived. Those before the first one that did are not known of. */
  missing: number
  /** Of `received`, those that came after a younger one. */
  reordered: number
  /** Frames that came again: they were dropped. One that comes after WINDOW younger ones counts as such. */
  duplicates: number
  /** Events that the sender had and could not send, since it first told of them. */
  notSent: number
}

/**
 * The numbers of one sender's frames: u32, each one more than that before, which run over. A bit for each of the last WINDOW numbers
 * says whether it has arrived.
 */
export class Stream implements StreamStats {
  readonly stream: number
  received = 0
  missing = 0
  reordered = 0
  duplicates = 0
  notSent = 0
  /** When it was last heard of, for whoever has too many of them. */
  heard = 0
  /** The number after the highest one that is known of. */
  #next: number
  /** How many numbers before `#next` can be missing: those since the first one, at most the window. */
  #known = 0
  readonly #arrived = new Int32Array(WINDOW >>> 5)
  /** The sender's count of events not sent, when it last told. */
  #notSent: number | undefined

  /** `next`: the number that comes first. All numbers may be given as signed ones. */
  constructor(stream: number, next: number) {
    this.stream = stream
    this.#next = next | 0
  }

  /** A frame with that number has come; false when it is a copy. */
  see(sequence: number): boolean {
    const ahead = (sequence - this.#next) | 0
    if (ahead >= 0) {
      if (ahead > 0) this.#skip(ahead)
      this.#arrived[(sequence & MASK) >>> 5] |= 1 << (sequence & 31)
      this.#next = (sequence + 1) | 0
      if (this.#known < WINDOW) this.#known++
      this.received++
      return true
    }
    const bit = 1 << (sequence & 31)
    const word = (sequence & MASK) >>> 5
    if (-ahead > WINDOW || (this.#arrived[word] & bit) !== 0) {
      this.duplicates++
      return false
    }
    this.#arrived[word] |= bit
    if (-ahead <= this.#known) this.missing--
    this.received++
    this.reordered++
    return true
  }

  /** The sender says that its next frame has the number `next`, and how many events it could not send, in 32 bits. */
  told(next: number, notSent: number): void {
    const ahead = (next - this.#next) | 0
    if (ahead > 0) this.#skip(ahead)
    // An older count that was overtaken looks like a step back.
    const more = this.#notSent === undefined ? 0 : (notSent - this.#notSent) | 0
    if (more < 0) return
    this.notSent += more
    this.#notSent = notSent
  }

  /** So many numbers have not arrived, and younger ones have. */
  #skip(count: number): void {
    const first = this.#next
    this.missing += count
    this.#next = (first + count) | 0
    this.#known = Math.min(WINDOW, this.#known + count)
    if (count >= WINDOW) {
      this.#arrived.fill(0)
      return
    }
    for (let i = 0; i < count;) {
      const at = (first + i) & MASK
      const whole = (at & 31) === 0 && count - i >= 32
      this.#arrived[at >>> 5] &= whole ? 0 : ~(1 << (at & 31))
      i += whole ? 32 : 1
    }
  }
}
