import { CaptureError } from '../errors.js'
import type { Analyzer, Argument, ArgumentValues } from './analyzer.js'

/** Checks the values of an analyzer's arguments and fills in the defaults. @throws CaptureError ERR_CAPTURE_OPTION */
export function checkArguments({ name, args = [] }: Pick<Analyzer<never>, 'name' | 'args'>, given: Readonly<Record<string, string | number>>): ArgumentValues {
  const unknown = Object.keys(given).find(key => !args.some(arg => arg.name === key))
  if (unknown !== undefined) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `${name} has no argument ${unknown}`, args.length === 0 ? 'it takes none' : `it takes: ${args.map(arg => arg.name).join(', ')}`)
  }
  return Object.fromEntries(args.map(arg => [arg.name, valueOf(name, arg, given[arg.name])]))
}

function valueOf(analyzer: string, { name, about, type, min = -Infinity, max = Infinity, choices, default: fallback }: Argument, given: string | number | undefined): string | number {
  const value = given ?? fallback
  const hint = `${name}: ${about}`
  if (value === undefined) throw new CaptureError('ERR_CAPTURE_OPTION', `${analyzer} needs its argument ${name}`, hint)
  if (type === 'string') {
    if (choices === undefined || choices.includes(String(value))) return String(value)
    throw new CaptureError('ERR_CAPTURE_OPTION', `${name} of ${analyzer} is one of ${choices.join(', ')}, not '${value}'`, hint)
  }
  const number = typeof value === 'string' && value.trim() === '' ? NaN : Number(value)
  if (Number.isFinite(number) && number >= min && number <= max) return number
  throw new CaptureError('ERR_CAPTURE_OPTION', `${name} of ${analyzer} must be a number${max < Infinity ? ` from ${min} to ${max}` : min === -Infinity ? '' : ` of at least ${min}`}, not '${value}'`, hint)
}
