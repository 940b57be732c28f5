import type { Operator } from './field.js'

/*
 * Checks of one value against the operands of a filter, for fields that look at more than one value: any ancestor of a
 * process, either end of a connection.
 */

/** Throws a RangeError where the operator is none for text. */
export function matchText(operator: Operator, operands: readonly string[]): (text: string) => boolean {
  const [first = ''] = operands
  switch (operator) {
    case 'exists': return () => true
    case '=': return (text) => text === first
    case '!=': return (text) => text !== first
    case '<': return (text) => text < first
    case '<=': return (text) => text <= first
    case '>': return (text) => text > first
    case '>=': return (text) => text >= first
    case 'contains': return (text) => text.includes(first)
    case 'icontains': {
      const lower = first.toLowerCase()
      return (text) => text.toLowerCase().includes(lower)
    }
    case 'startswith': return (text) => text.startsWith(first)
    case 'endswith': return (text) => text.endsWith(first)
    case 'glob': case 'iglob': {
      const pattern = globPattern(first, operator === 'iglob')
      return (text) => pattern.test(text)
    }
    case 'regex': {
      const pattern = wholePattern(first)
      return (text) => pattern.test(text)
    }
    case 'in': case 'intersects': {
      const wanted = new Set(operands)
      return (text) => wanted.has(text)
    }
    case 'pmatch': {
      const paths = operands.map((path) => (path.endsWith('/') ? path.slice(0, -1) : path))
      return (text) => paths.some((path) => text.startsWith(path) && (text.length === path.length || text[path.length] === '/'))
    }
    case 'bcontains': case 'bstartswith': {
      const bytes = hexBytes(first)
      return operator === 'bcontains'
        ? (text) => Buffer.from(text).includes(bytes)
        : (text) => Buffer.from(text).subarray(0, bytes.length).equals(bytes)
    }
  }
}

/** Throws a RangeError where the operator is none for numbers, or an operand is no number. */
export function matchNumber(
  operator: Operator, operands: readonly string[], parse: (text: string) => number = parseInteger,
): (number: number) => boolean {
  if (operator === 'exists') return () => true
  if (!NUMERIC.has(operator)) throw new RangeError(`"${operator}" does not compare numbers`)
  const numbers = operands.map(parse)
  const [first] = numbers
  switch (operator) {
    case '=': return (number) => number === first
    case '!=': return (number) => number !== first
    case '<': return (number) => number < first
    case '<=': return (number) => number <= first
    case '>': return (number) => number > first
    case '>=': return (number) => number >= first
    default: return (number) => numbers.includes(number)
  }
}

const NUMERIC: ReadonlySet<Operator> = new Set<Operator>(['=', '!=', '<', '<=', '>', '>=', 'in', 'intersects'])

/** Decimal, or hexadecimal with 0x in front. Throws a RangeError for anything else. */
export function parseInteger(text: string): number {
  if (!/^-?(\d+|0x[\da-f]+)$/i.test(text)) throw new RangeError(`${text} is not a number`)
  return text.startsWith('-') ? -Number(text.slice(1)) : Number(text)
}

/** As fnmatch(3) without flags: `*` also goes over slashes. */
export function globPattern(glob: string, ignoreCase = false): RegExp {
  const body = glob.replace(/\\(.)|\[([!^]?)(\]?(?:\[:\w+:\]|[^\]])*)\]|([*?])|([^])/g, (_, escaped, not, set, wild, literal) => {
    if (wild !== undefined) return wild === '*' ? '[^]*' : '[^]'
    if (set !== undefined) return `[${not === '' ? '' : '^'}${charClass(set as string)}]`
    return ((escaped ?? literal) as string).replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')
  })
  return new RegExp(`^${body}$`, ignoreCase ? 'i' : '')
}

const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'a-zA-Z', digit: '0-9', alnum: 'a-zA-Z0-9', upper: 'A-Z', lower: 'a-z', space: '\\s', xdigit: '0-9a-fA-F',
  blank: ' \\t', cntrl: '\\x00-\\x1f\\x7f', print: '\\x20-\\x7e', graph: '\\x21-\\x7e', punct: '!-\\/:-@\\[-`{-~',
}

function charClass(set: string): string {
  return set.replace(/\[:(\w+):\]|([\\\]^[])/g, (_, name?: string, special?: string) => (name === undefined ? `\\${special}` : CLASSES[name] ?? ''))
}

function wholePattern(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, 's')
  } catch (error) {
    throw new RangeError((error as Error).message)
  }
}

function hexBytes(text: string): Buffer {
  if (!/^([\da-f]{2})+$/i.test(text)) throw new RangeError(`${text} is not an even number of hexadecimal digits`)
  return Buffer.from(text, 'hex')
}
