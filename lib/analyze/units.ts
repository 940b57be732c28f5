/** Numbers as people read them. */
import { localDateTime } from '../event/clock.js'

const KIB = 1024
const BYTE_UNITS = ['B', 'KB', 'M', 'G', 'T', 'P']

/** Local time of day, of nanoseconds since the epoch. */
export function timeText(ns: bigint): string {
  return localDateTime(ns).slice(11, 29)
}

/** As sysdig's chisels print them: 1.24KB. Negative ones are differences. */
export function bytesText(bytes: number): string {
  let value = Math.abs(bytes)
  let unit = 0
  for (; value > KIB && unit < BYTE_UNITS.length - 1; unit++) value /= KIB
  return `${bytes < 0 ? '-' : ''}${unit === 0 ? value : value.toFixed(2)}${BYTE_UNITS[unit]}`
}

/** As sysdig's chisels print them: 10ms, 1.20s. */
export function durationText(ns: number): string {
  const fraction = (part: number) => String(Math.floor(part)).padStart(2, '0')
  if (ns >= 1e9) return `${Math.floor(ns / 1e9)}.${fraction((ns % 1e9) / 1e7)}s`
  if (ns >= 1e7) return `${Math.floor(ns / 1e6)}ms`
  if (ns >= 1e6) return `${Math.floor(ns / 1e6)}.${fraction((ns % 1e6) / 1e4)}ms`
  if (ns >= 1e4) return `${Math.floor(ns / 1e3)}us`
  if (ns >= 1e3) return `${Math.floor(ns / 1e3)}.${fraction((ns % 1e3) / 10)}us`
  return `${ns}ns`
}
