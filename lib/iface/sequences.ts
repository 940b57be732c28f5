import type { Lost } from './burst.js'
import { Stream, type StreamStats } from './stream.js'

/** Senders that are told apart; beyond that the one that was silent for longest is forgotten, and its counts stay in the sum. */
const STREAMS = 64

/** The numbers of all frames of a capture: what became of those that were sent to it. See framing.ts. */
export class Sequences {
  /** Frames that told of numbers, and were no events. */
  summaries = 0
  readonly #isWhole: boolean
  /** Numbered frames of which a snaplen has left too little to see the number. */
  #cut = 0
  readonly #streams = new Map<number, Stream>()
  /** The one that the last frame was of. */
  #last: Stream | undefined
  /** Turns from one sender to another, which is what time goes by here. */
  #clock = 0
  /** Those of streams that were forgotten. */
  #missing = 0
  #duplicates = 0
  #reordered = 0
  #notSent = 0

  /** `isWhole`: all frames come by here, so what is missing was lost. */
  constructor(isWhole: boolean) {
    this.#isWhole = isWhole
  }

  /** A frame has come; false when it has come before. Both numbers as signed ones, which V8 needs no heap for. */
  see(stream: number, sequence: number): boolean {
    const last = this.#last
    return (last !== undefined && last.stream === stream ? last : this.#turnTo(stream, sequence)).see(sequence)
  }

  /** A sender says what number its next frame has, and how many events it could not send. Signed numbers as well. */
  summary(stream: number, sequence: number, notSent: number): void {
    this.summaries++
    this.#turnTo(stream, sequence).told(sequence, notSent)
  }

  /** A frame has come whose number cannot be seen. */
  cut(): void {
    if (this.#last !== undefined) this.#cut++
  }

  /** No frame had a number. */
  get isEmpty(): boolean {
    return this.#last === undefined
  }

  /** Frames that came after younger ones. */
  get reordered(): number {
    return this.#reordered + this.#sum('reordered')
  }

  /** Frames that came again, and were left out. */
  get duplicates(): number {
    return this.#duplicates + this.#sum('duplicates')
  }

  /**
   * What else was lost than `dropped`, which the receiver lost itself, by cause: `network` what is missing, those of the receiver not
   * counted again; `sender` what was not even sent; `duplicate` frames too many.
   */
  lost({ total, ...dropped }: Lost): Lost {
    const missing = this.#missing + this.#sum('missing') - this.#cut - total
    const network = this.#isWhole ? Math.max(0, missing) : 0
    const sender = this.#notSent + this.#sum('notSent')
    const duplicate = this.duplicates
    return { total: total + network + sender + duplicate, ...dropped, network, sender, duplicate }
  }

  /** Each sender's counts. */
  streams(): StreamStats[] {
    return Array.from(this.#streams.values(), ({ stream, received, missing, reordered, duplicates, notSent }) => ({ stream: stream >>> 0, received, missing, reordered, duplicates, notSent }))
  }

  #turnTo(id: number, sequence: number): Stream {
    if (this.#last !== undefined) this.#last.heard = this.#clock
    this.#clock++
    let stream = this.#streams.get(id)
    if (stream === undefined) {
      if (this.#streams.size === STREAMS) this.#forget()
      this.#streams.set(id, stream = new Stream(id, sequence))
    }
    return this.#last = stream
  }

  #forget(): void {
    const oldest = [...this.#streams.values()].reduce((one, other) => (other.heard < one.heard ? other : one))
    this.#missing += oldest.missing
    this.#duplicates += oldest.duplicates
    this.#reordered += oldest.reordered
    this.#notSent += oldest.notSent
    this.#streams.delete(oldest.stream)
  }

  #sum(count: 'missing' | 'duplicates' | 'reordered' | 'notSent'): number {
    let sum = 0
    for (const stream of this.#streams.values()) sum += stream[count]
    return sum
  }
}
