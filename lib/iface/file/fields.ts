/** Reads the fields of a metadata block one after the other. Beyond the end it throws a RangeError, as a DataView does. */
export class FieldReader {
  readonly #memory: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(memory: Uint8Array) {
    this.#memory = memory
    this.#view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength)
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#memory.length - this.#at
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true)
  }

  /** A tid, pid or fd: -1 where it is not known. */
  i64(): number {
    return Number(this.#view.getBigInt64(this.#take(8), true))
  }

  /** A copy, in place of a view that would keep the whole block alive. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#memory.slice(at, at + length)
  }

  /** Text in a field of fixed size, up to its first NUL. */
  text(length: number): string {
    const at = this.#take(length)
    const end = this.#memory.subarray(at, at + length).indexOf(0)
    return this.#utf8(at, end < 0 ? length : end)
  }

  /** Text with its length in front. */
  string(): string {
    const length = this.u16()
    return this.#utf8(this.#take(length), length)
  }

  /** A list of texts with the length of all in front, each ending with NUL. */
  strings(): string[] {
    const all = this.string()
    if (all === '') return []
    return (all.endsWith('\0') ? all.slice(0, -1) : all).split('\0')
  }

  /** The next `length` bytes by themselves: whatever is read of them, this reader goes on behind. */
  sub(length: number): FieldReader {
    const at = this.#take(length)
    return new FieldReader(this.#memory.subarray(at, at + length))
  }

  #take(length: number): number {
    const at = this.#at
    if (length < 0 || length > this.left) throw new RangeError('beyond the end of the block')
    this.#at += length
    return at
  }

  #utf8(at: number, length: number): string {
    return Buffer.from(this.#memory.buffer, this.#memory.byteOffset + at, length).toString()
  }
}
