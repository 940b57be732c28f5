import { type Lease, leaseEnded } from './lease.js'

/**
 * The bytes of a record or of one parameter, in place: read-only, nothing is copied. Valid until the burst ends; after
 * that every method throws ERR_CAPTURE_LEASE.
 *
 * It is not a Uint8Array because ring pages are mapped read-only: one assignment through an ordinary array would end
 * the process with SIGSEGV.
 */
export class Bytes implements Iterable<number> {
  readonly #memory: Uint8Array
  readonly #start: number
  readonly #lease: Lease | undefined
  readonly #generation: number
  readonly #length: number

  /** @internal `lease` is undefined for memory that the event owns itself. */
  constructor(memory: Uint8Array, start: number, length: number, lease: Lease | undefined) {
    this.#memory = memory
    this.#start = start
    this.#length = length
    this.#lease = lease
    this.#generation = lease === undefined ? 0 : lease.generation
  }

  #check(): void {
    if (this.#lease !== undefined && this.#lease.generation !== this.#generation) throw leaseEnded()
  }

  get length(): number {
    return this.#length
  }

  /** The byte at `index` (0 … length − 1), or undefined outside. */
  at(index: number): number | undefined {
    this.#check()
    return index >= 0 && index < this.#length ? this.#memory[this.#start + index] : undefined
  }

  /** A copy that stays valid. */
  copy(): Uint8Array {
    this.#check()
    return Uint8Array.prototype.slice.call(this.#memory, this.#start, this.#start + this.#length)
  }

  /** Copies into `target` at `offset` and returns how many bytes fitted. */
  copyTo(target: Uint8Array, offset = 0): number {
    this.#check()
    const count = Math.min(this.#length, target.length - offset)
    target.set(this.#memory.subarray(this.#start, this.#start + count), offset)
    return count
  }

  /** Decoded as UTF-8 by default; a trailing NUL is not part of the text of a parameter and is kept here. */
  toString(encoding: BufferEncoding = 'utf8'): string {
    this.#check()
    return Buffer.from(this.#memory.buffer, this.#memory.byteOffset + this.#start, this.#length).toString(encoding)
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let i = 0; i < this.#length; i++) {
      this.#check()
      yield this.#memory[this.#start + i]
    }
  }
}
