import { addressText } from '../event/address.js'
import { closeString, openString } from '../event/jsonstring.js'
import { textOf } from '../event/text.js'
import type { TextBuffer } from '../event/textbuffer.js'
import type { NumberFormat, Value, ValueType } from './field.js'

/** The text of a value, as sysdig prints it in a line. */
export function valueText(value: Value, type: ValueType, format: NumberFormat = 'DEC'): string {
  if (typeof value === 'string') return value
  return textOf((out) => writeValue(out, value, type, format))
}

/** The value as JSON text, as sysdig -j prints it: numbers in decimal are numbers, however long; all else is a string. */
export function valueJson(value: Value, type: ValueType, format: NumberFormat = 'DEC'): string {
  return textOf((out) => writeValueJson(out, value, type, format))
}

/** Adds `valueText(value)`; bytes up to the first NUL, as they are. */
export function writeValue(out: TextBuffer, value: Value, type: ValueType, format: NumberFormat = 'DEC'): void {
  switch (typeof value) {
    case 'string':
      return out.text(value)
    case 'boolean':
      return out.text(value ? 'true' : 'false')
    case 'object':
      if (type === 'IPADDR' || type === 'IPNET') return out.text(addressText(value))
      return out.copyString(value, 0, value.length)
    default:
      return writeNumber(out, value, type, format)
  }
}

/** Adds `valueJson(value)`. */
export function writeValueJson(out: TextBuffer, value: Value, type: ValueType, format: NumberFormat = 'DEC'): void {
  if (typeof value === 'boolean' || type === 'BOOL') return writeValue(out, value, type)
  if (typeof value !== 'string' && typeof value !== 'object' && format === 'DEC') return writeNumber(out, value, type, format)
  const start = openString(out)
  writeValue(out, value, type, format)
  closeString(out, start)
}

function writeNumber(out: TextBuffer, value: number | bigint, type: ValueType, format: NumberFormat): void {
  if (type === 'BOOL') return out.text(value ? 'true' : 'false')
  if (type === 'DOUBLE') return out.text(oneDigit(Number(value)))
  out.reserve(0)
  if (format === 'HEX') return writeHex(out, value, type)
  if (format === 'PADDED') return out.text(`${value}`.padStart(9, '0'))
  if (typeof value === 'number' && Number.isSafeInteger(value)) out.decimal(value)
  else out.text(`${value}`)
}

/** A negative number as the two's complement of its type. */
function writeHex(out: TextBuffer, value: number | bigint, type: ValueType): void {
  const bits = Number(/\d+$/.exec(type)?.[0] ?? 64)
  if (bits < 64) return out.hex(0, bits === 32 ? Number(value) >>> 0 : Number(value) & ((1 << bits) - 1))
  const whole = BigInt.asUintN(64, BigInt(value))
  out.hex(Number(whole >> 32n), Number(whole & 0xffff_ffffn))
}

/** printf's %.1f, which rounds halves to even where toFixed rounds them up: of one digit, 0.25 is the only such case. */
function oneDigit(value: number): string {
  const fraction = Math.abs(value) % 1
  return (fraction === 0.25 ? Math.trunc(value * 10) / 10 : value).toFixed(1)
}
