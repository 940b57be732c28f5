import { parseArgs } from 'node:util'
import { UsageError } from './report.js'

/** One option. With `value` (its name in the help) it takes one, otherwise it is a switch. */
export interface Option {
  short?: string
  value?: string
  help: string
  /** It may be given several times. */
  many?: true
  /** The values to choose from. */
  choices?: readonly string[]
  /** The heading under which the help shows it; by default that of the option before it. */
  group?: string
}

export type Options = Record<string, Option>

/** What was given: text where an option takes a value, true where it is a switch. */
export type Values<O extends Options> = {
  [K in keyof O]?: O[K] extends { choices: readonly (infer C)[] } ? C : O[K] extends { many: true } ? string[] : O[K] extends { value: string } ? string : true
}

export interface ParseOptions {
  /** What is no option is, joined by blanks, a filter; otherwise it is an error. */
  takesFilter?: boolean
  /** What is no option is an operand of its own. */
  takesOperands?: boolean
}

/**
 * Reads the arguments of a subcommand; undefined when they asked for help, which then has been printed. Everything that
 * the help shows comes from the same table, so the two cannot differ.
 */
export function parse<const O extends Options>(
  command: string, synopsis: string, options: O, args: string[], { takesFilter = false, takesOperands = false }: ParseOptions = {},
): Values<O> & { filter?: string; operands?: string[] } | undefined {
  const hint = `sysring ${command} --help`
  const config = Object.fromEntries(Object.entries<Option>(options).map(([name, { short, value, many = false }]) =>
    [name, { type: value === undefined ? 'boolean' as const : 'string' as const, multiple: many, ...(short !== undefined && { short }) }]))
  let values: Record<string, string | boolean | (string | boolean)[] | undefined>
  try {
    const parsed = parseArgs({ args, options: { ...config, help: { type: 'boolean', short: 'h' } }, allowPositionals: takesFilter || takesOperands })
    values = parsed.values
    if (takesOperands) values.operands = parsed.positionals
    else if (parsed.positionals.length > 0) values.filter = parsed.positionals.join(' ')
  } catch (error) {
    // Node's sentences go on with advice for other programs.
    throw new UsageError((error as Error).message.split(/\. (?:To specify|Did you|This command)|\n/)[0], hint)
  }
  if (values.help === true) {
    console.log(`usage: sysring ${command} ${synopsis}\n\n${describe(options)}`)
    return undefined
  }
  for (const [name, { choices }] of Object.entries<Option>(options)) {
    const value = values[name]
    if (choices !== undefined && typeof value === 'string' && !choices.includes(value)) {
      throw new UsageError(`--${name} is one of ${choices.join(', ')}, not '${value}'`, hint)
    }
  }
  return values as Values<O> & { filter?: string; operands?: string[] }
}

function describe(options: Options): string {
  const rows = Object.entries<Option>({ ...options, help: { short: 'h', help: 'this' } }).map(([name, option]) => {
    const { short, value, choices, help, group } = option
    const flags = `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
    return { flags, help: choices === undefined ? help : `${help}: ${choices.join(', ')}`, group }
  })
  const width = Math.max(...rows.map(({ flags }) => flags.length))
  return rows.map(({ flags, help, group }) => `${group === undefined ? '' : `${group}:\n`}  ${flags.padEnd(width)}  ${help}`).join('\n')
}

/** A number that an option was given; undefined where it was not. */
export function number(flag: string, text: string | undefined, min: number, max = Infinity): number | undefined {
  if (text === undefined) return undefined
  const value = text.trim() === '' ? NaN : Number(text)
  if (value >= min && value <= max) return value
  const range = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`
  throw new UsageError(`${flag} takes a number ${range}, not '${text}'`, 'leave it out for the default')
}

/** The same without fractions. */
export function integer(flag: string, text: string | undefined, min: number, max = Infinity): number | undefined {
  const value = number(flag, text, min, max)
  if (value === undefined || Number.isInteger(value)) return value
  throw new UsageError(`${flag} takes a whole number, not '${text}'`, 'leave it out for the default')
}

/** A list with commas. */
export function list(text: string | undefined): string[] | undefined {
  return text?.split(',').map(item => item.trim()).filter(item => item !== '')
}
