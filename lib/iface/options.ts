import { CaptureError } from '../errors.js'

/** What the options of all devices have in common: how they are checked. */
export function refuse(message: string, hint: string): never {
  throw new CaptureError('ERR_CAPTURE_OPTION', message, hint)
}

export function integer(name: string, value: number, low: number, high: number): number {
  if (!Number.isInteger(value) || value < low || value > high) refuse(`${name} must be a whole number from ${low} to ${high}, not ${String(value)}`, `for example { ${name}: ${low} }`)
  return value
}

/** The size of a ring in bytes. */
export function powerOfTwo(name: string, value: number, low: number, high: number): number {
  integer(name, value, low, high)
  if ((value & (value - 1)) !== 0) refuse(`${name} must be a power of two, not ${value}`, `{ ${name}: ${1 << Math.round(Math.log2(value))} }`)
  return value
}

/** Throws if an option is given that this device does not have. `instead`: what to take in its place, by name. */
export function refuseOthers(device: string, options: object, names: ReadonlySet<string>, instead: Readonly<Record<string, string>> = {}): void {
  const other = Object.entries(options).find(([name, value]) => value !== undefined && !names.has(name))?.[0]
  if (other !== undefined) refuse(`${device} has no option ${other}`, instead[other] ?? `leave it out; there are ${[...names].join(', ')}`)
}
