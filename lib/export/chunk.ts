/** Bytes allocated at once. Larger ones cost the cache more than they save in writes. */
const SLAB = 256 * 1024

/** Up to here a loop over words beats TypedArray.set, which needs a view object per call. */
const SHORT = 128

/**
 * Where a writer puts its bytes. `take()` hands out what was written since the last time; the rest of the slab goes on
 * being filled, and memory that was handed out is never touched again: the stream behind may keep it as long as it
 * likes, so that a slow disk needs no copies.
 */
export class Chunk {
  memory: Uint8Array = Buffer.allocUnsafeSlow(SLAB)
  view: DataView = viewOf(this.memory)
  /** Offset of the next byte. Whoever writes moves it on. */
  at = 0
  #start = 0

  /** Bytes written and not taken. */
  get length(): number {
    return this.at - this.#start
  }

  fits(bytes: number): boolean {
    return this.at + bytes <= this.memory.length
  }

  /** Makes room for that many bytes; what was not taken yet moves along. */
  reserve(bytes: number): void {
    if (this.fits(bytes)) return
    const pending = this.memory.subarray(this.#start, this.at)
    this.memory = Buffer.allocUnsafeSlow(Math.max(SLAB, pending.length + bytes))
    this.view = viewOf(this.memory)
    this.memory.set(pending)
    this.#start = 0
    this.at = pending.length
  }

  take(): Uint8Array {
    const taken = this.memory.subarray(this.#start, this.at)
    this.#start = this.at
    return taken
  }

  u8(value: number): void {
    this.view.setUint8(this.at, value)
    this.at += 1
  }

  u16(value: number): void {
    this.view.setUint16(this.at, value, true)
    this.at += 2
  }

  u32(value: number): void {
    this.view.setUint32(this.at, value, true)
    this.at += 4
  }

  /** A number that may be negative or beyond 32 bits, in two's complement. */
  u64(value: number | bigint): void {
    if (typeof value === 'bigint') this.view.setBigUint64(this.at, BigInt.asUintN(64, value), true)
    else {
      this.view.setUint32(this.at, value % 0x1_0000_0000, true)
      this.view.setUint32(this.at + 4, Math.floor(value / 0x1_0000_0000), true)
    }
    this.at += 8
  }

  bytes(bytes: Uint8Array): void {
    this.memory.set(bytes, this.at)
    this.at += bytes.length
  }

  /** Zeros up to the next multiple of 4 after `start`. */
  pad(start: number): void {
    while (((this.at - start) & 3) !== 0) this.u8(0)
  }

  /** Copies `length` bytes of a record or packet that a burst lends. */
  copy(memory: Uint8Array, view: DataView, from: number, length: number): void {
    const to = this.at
    if (length > SHORT || length < 4) {
      this.memory.set(memory.subarray(from, from + length), to)
    } else {
      // Words, the last one overlapping the one before: no loop over the odd bytes.
      const target = this.view
      const last = length - 4
      for (let i = 0; i < last; i += 4) target.setUint32(to + i, view.getUint32(from + i, true), true)
      target.setUint32(to + last, view.getUint32(from + last, true), true)
    }
    this.at = to + length
  }
}

function viewOf(memory: Uint8Array): DataView {
  return new DataView(memory.buffer, memory.byteOffset, memory.byteLength)
}
