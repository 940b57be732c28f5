const MICROSECOND = 1000
const MILLISECOND = 1_000_000
const SECOND = 1_000_000_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Nanoseconds for people: "950ns", "1.20us", "15us", "1.50ms", "20ms", "1.05s", "2:5", "01:02:03". */
export function durationText(ns: number): string {
  if (ns >= HOUR) return [ns / HOUR, (ns / MINUTE) % 60, (ns / SECOND) % 60].map((part) => two(Math.floor(part))).join(':')
  if (ns >= MINUTE) return `${Math.floor(ns / MINUTE)}:${Math.floor(ns / SECOND) % 60}`
  if (ns >= SECOND) return `${hundredths(ns, SECOND)}s`
  if (ns >= 10 * MILLISECOND) return `${Math.floor(ns / MILLISECOND)}ms`
  if (ns >= MILLISECOND) return `${hundredths(ns, MILLISECOND)}ms`
  if (ns >= 10 * MICROSECOND) return `${Math.floor(ns / MICROSECOND)}us`
  if (ns >= MICROSECOND) return `${hundredths(ns, MICROSECOND)}us`
  return `${ns}ns`
}

function hundredths(ns: number, unit: number): string {
  return `${Math.floor(ns / unit)}.${two(Math.floor((ns % unit) / (unit / 100)))}`
}

function two(value: number): string {
  return `${value}`.padStart(2, '0')
}
