import { utf8 } from './strings.js'

const ZERO = 0x30
const BILLION = 1_000_000_000
const MARGIN = 64
/** The three digits of each number below a thousand, the first in the lowest byte: a table is quicker than to divide. */
const DIGITS = Int32Array.from({ length: 1000 }, (_, value) =>
  (ZERO + Math.floor(value / 100)) | (ZERO + Math.floor(value / 10) % 10) << 8 | (ZERO + value % 10) << 16)

/**
 * Text under construction, as UTF-8 bytes in memory that is used again. JavaScript's strings would be quick to add up
 * but slow to write: a line would be a tree of thirty pieces. It also keeps the bytes of records as they are, whether
 * they are UTF-8 or not.
 */
export class TextBuffer {
  /** What is written so far are the first `length` of these; the array is replaced when it grows. */
  bytes: Buffer = Buffer.allocUnsafeSlow(1 << 14)
  length = 0

  /**
   * Makes room for `count` more bytes and for MARGIN more after them. Methods that take text or bytes do it themselves;
   * those for bytes, digits and the like do not, so that up to MARGIN bytes may be written with them in between.
   */
  reserve(count: number): void {
    const needed = this.length + count + MARGIN
    if (needed <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, needed))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }

  byte(value: number): void {
    this.bytes[this.length++] = value
  }

  /** An integer in decimal, exact up to 2^53. */
  decimal(value: number): void {
    const { bytes } = this
    if (value < 0) {
      bytes[this.length++] = 0x2d
      value = -value
    }
    if (value >= BILLION) {
      const billions = Math.floor(value / BILLION)
      this.decimal(billions)
      this.nineDigits(value - billions * BILLION)
      return
    }
    const rest = value | 0
    if (rest < 1_000_000) this.smallDecimal(rest)
    else {
      const millions = (rest / 1_000_000) | 0
      this.smallDecimal(millions)
      this.sixDigits(rest - millions * 1_000_000)
    }
  }

  /** Below a million. */
  private smallDecimal(value: number): void {
    if (value < 10) {
      this.bytes[this.length++] = ZERO + value
      return
    }
    const thousands = (value / 1000) | 0
    if (thousands === 0) return this.upToThreeDigits(value)
    this.upToThreeDigits(thousands)
    this.threeDigits(value - thousands * 1000)
  }

  private upToThreeDigits(value: number): void {
    const { bytes } = this
    const digits = DIGITS[value]
    if (value >= 100) bytes[this.length++] = digits & 0xff
    if (value >= 10) bytes[this.length++] = (digits >> 8) & 0xff
    bytes[this.length++] = digits >> 16
  }

  private threeDigits(value: number): void {
    const { bytes, length } = this
    const digits = DIGITS[value]
    bytes[length] = digits & 0xff
    bytes[length + 1] = (digits >> 8) & 0xff
    bytes[length + 2] = digits >> 16
    this.length = length + 3
  }

  private sixDigits(value: number): void {
    const thousands = (value / 1000) | 0
    this.threeDigits(thousands)
    this.threeDigits(value - thousands * 1000)
  }

  /** A number below 10^9 with zeros in front. */
  nineDigits(value: number): void {
    const millions = (value / 1_000_000) | 0
    this.threeDigits(millions)
    this.sixDigits(value - millions * 1_000_000)
  }

  /** 64 bits in upper-case hexadecimal, without zeros in front. */
  hex(high: number, low: number): void {
    let shift = high !== 0 ? 28 - (Math.clz32(high) & ~3) : 28 - (Math.clz32(low | 1) & ~3)
    if (high !== 0) {
      for (; shift >= 0; shift -= 4) this.hexDigit((high >>> shift) & 15)
      shift = 28
    }
    for (; shift >= 0; shift -= 4) this.hexDigit((low >>> shift) & 15)
  }

  private hexDigit(value: number): void {
    this.bytes[this.length++] = value < 10 ? ZERO + value : 0x37 + value
  }

  /** A string; fastest if it is ASCII. */
  text(value: string): void {
    const count = value.length
    this.reserve(3 * count)
    const { bytes } = this
    let at = this.length
    for (let i = 0; i < count; i++) {
      const code = value.charCodeAt(i)
      if (code >= 0x80) {
        this.length += bytes.write(value, this.length)
        return
      }
      bytes[at++] = code
    }
    this.length = at
  }

  /** Of a string what is printable ASCII. */
  printable(value: string): void {
    const count = value.length
    this.reserve(count)
    const { bytes } = this
    let at = this.length
    for (let i = 0; i < count; i++) {
      const code = value.charCodeAt(i)
      if (isPrintable(code)) bytes[at++] = code
    }
    this.length = at
  }

  /** Bytes as they are. */
  copy(memory: Uint8Array, start: number, end: number): void {
    this.reserve(end - start)
    const { bytes } = this
    let at = this.length
    while (start < end) bytes[at++] = memory[start++]
    this.length = at
  }

  /** Bytes up to the first NUL. */
  copyString(memory: Uint8Array, start: number, end: number): void {
    this.reserve(end - start)
    const { bytes } = this
    let at = this.length
    for (; start < end; start++) {
      const byte = memory[start]
      if (byte === 0) break
      bytes[at++] = byte
    }
    this.length = at
  }

  /** Of the bytes up to the first NUL those that are printable ASCII, as sysdig shows paths. */
  copyPrintable(memory: Uint8Array, start: number, end: number): void {
    this.reserve(end - start)
    const { bytes } = this
    let at = this.length
    for (; start < end; start++) {
      const byte = memory[start]
      if (byte === 0) break
      if (isPrintable(byte)) bytes[at++] = byte
    }
    this.length = at
  }

  /** The beginning of a buffer, with a dot for what is not printable ASCII; "..." says that there is more. */
  copyDotted(memory: Uint8Array, start: number, end: number): void {
    this.reserve(SHOWN)
    const { bytes } = this
    let at = this.length
    const isCut = end - start > SHOWN
    const stop = isCut ? start + SHOWN - 3 : end
    while (start < stop) {
      bytes[at++] = DOTTED[memory[start++]]
    }
    if (isCut) for (let i = 0; i < 3; i++) bytes[at++] = DOT
    this.length = at
  }

  /** Is everything since `start` printable ASCII that needs no escape in a JSON string? */
  isPlain(start: number): boolean {
    const { bytes, length } = this
    for (let i = start; i < length; i++) {
      const byte = bytes[i]
      if (!isPrintable(byte) || byte === QUOTE || byte === BACKSLASH) return false
    }
    return true
  }

  /** What was written since the length was `start`, taken out again. */
  take(start: number): string {
    const text = utf8(this.bytes, start, this.length)
    this.length = start
    return text
  }
}

const DOT = 0x2e
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** How much of a buffer is shown: sysdig's limit, unless it is told -v. */
const SHOWN = 80

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f
}

/** What stands for each byte where only printable ASCII is shown. */
const DOTTED = Uint8Array.from({ length: 256 }, (_, byte) => (isPrintable(byte) ? byte : DOT))
