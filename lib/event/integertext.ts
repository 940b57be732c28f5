import { numberAt } from './decode.js'
import type { Write } from './paramtext.js'

/** 64-bit integers are numbers as long as that is exact, because a BigInt costs ten times as much. */
const SAFE_HIGH = 0x20_0000

export const decimal64: Write = (out, ev, at, length) => {
  if (length < 8) return
  const high = ev._view.getInt32(at + 4, true)
  if (high >= -SAFE_HIGH && high < SAFE_HIGH) out.decimal(numberAt(ev, at))
  else out.text(`${ev._view.getBigInt64(at, true)}`)
}

export const unsigned64: Write = (out, ev, at, length) => {
  if (length < 8) return
  if (ev._view.getUint32(at + 4, true) < SAFE_HIGH) out.decimal(numberAt(ev, at))
  else out.text(`${ev._view.getBigUint64(at, true)}`)
}

export const hex64: Write = (out, ev, at, length) => {
  if (length >= 8) out.hex(ev._view.getUint32(at + 4, true), ev._view.getUint32(at, true))
}

/** How to read an unsigned integer of so many bits. */
export const READERS: Readonly<Record<number, (view: DataView, at: number) => number>> = {
  8: (view, at) => view.getUint8(at),
  16: (view, at) => view.getUint16(at, true),
  32: (view, at) => view.getUint32(at, true),
}

/** An integer of the table's type and format. `in029`: with a sign, as sysdig 0.29 prints unsigned ones too. */
export function integer(type: string, format: string, in029 = false): Write {
  const bits = Number(/\d+$/.exec(type)?.[0] ?? BITS[type] ?? 64)
  const signed = type.startsWith('INT') || type === 'FD32' || type === 'PID32' || (in029 && bits >= 32)
  if (bits === 64) return format === 'HEX' ? hex64 : signed ? decimal64 : unsigned64
  const size = bits / 8
  const read = READERS[bits]
  if (format === 'HEX') {
    return (out, ev, at, length) => { if (length >= size) out.hex(0, read(ev._view, at)) }
  }
  if (format === 'OCT') {
    return (out, ev, at, length) => { if (length >= size) out.text(octal(read(ev._view, at))) }
  }
  if (!signed) {
    return (out, ev, at, length) => { if (length >= size) out.decimal(read(ev._view, at)) }
  }
  const shift = 32 - bits
  return (out, ev, at, length) => { if (length >= size) out.decimal((read(ev._view, at) << shift) >> shift) }
}

const BITS: Readonly<Record<string, number>> = {
  SIGTYPE: 8, L4PROTO: 8, SOCKFAMILY: 8, SYSCALLID: 16, PORT: 16, UID: 32, GID: 32, MODE: 32, BOOL: 32,
}

/** printf's %#o: a zero in front, but 0 itself is one digit. */
function octal(value: number): string {
  return value === 0 ? '0' : `0${value.toString(8)}`
}
