import type { Operator } from '../field/field.js'
import { glob } from './glob.js'
import { plainText } from './literal.js'
import { pathsBelow } from './paths.js'
import { type Comparison, operands, type Relation } from './predicate.js'
import { regex } from './regex.js'
import { lowerAscii } from './transform.js'

/** Comparisons of texts. */
export function textComparison(operator: Operator, texts: readonly string[]): Comparison {
  const values = texts.map(plainText)
  const [value] = values
  switch (operator) {
    case '=': return equal(value)
    case '!=': return get => ev => { const text = get(ev); return text !== undefined && text !== value }
    case '<': case '<=': case '>': case '>=': return ordered(operator, value)
    case 'in': case 'intersects': return values.length === 1 ? equal(value) : among(new Set(values))
    case 'contains': return testing(text => text.includes(value))
    case 'startswith': return testing(text => text.startsWith(value))
    case 'endswith': return testing(text => text.endsWith(value))
    case 'icontains': {
      const wanted = lowerAscii(value)
      return testing(text => lowerAscii(text).includes(wanted))
    }
    case 'pmatch': return testing(pathsBelow(values))
    case 'regex': return testing(operands(values, regex)[0])
    case 'iglob': {
      const matches = glob(lowerAscii(value))
      return testing(text => matches(lowerAscii(text)))
    }
    default: return testing(glob(value))
  }
}

/** Comparisons of two texts of events; undefined for those whose right side has to be known before. */
export function textRelation(operator: Operator): Relation | undefined {
  switch (operator) {
    case '=': case 'in': case 'intersects': return (a, b) => a === b
    case '!=': return (a, b) => a !== b
    case '<': return (a, b) => compareTexts(a as string, b as string) < 0
    case '<=': return (a, b) => compareTexts(a as string, b as string) <= 0
    case '>': return (a, b) => compareTexts(a as string, b as string) > 0
    case '>=': return (a, b) => compareTexts(a as string, b as string) >= 0
    case 'contains': return (a, b) => (a as string).includes(b as string)
    case 'icontains': return (a, b) => lowerAscii(a as string).includes(lowerAscii(b as string))
    case 'startswith': return (a, b) => (a as string).startsWith(b as string)
    case 'endswith': return (a, b) => (a as string).endsWith(b as string)
    default: return undefined
  }
}

/** As strcmp does on their UTF-8: by code point. Code units agree with that except for surrogates. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return weight(x) - weight(y)
  }
  return a.length - b.length
}

/** Surrogates come after all other code units. */
function weight(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x1_0000 : unit
}

function equal(value: string): Comparison {
  return get => ev => get(ev) === value
}

function among(values: ReadonlySet<unknown>): Comparison {
  return get => ev => values.has(get(ev))
}

function ordered(operator: Operator, value: string): Comparison {
  const relation = textRelation(operator)!
  return testing(text => relation(text, value))
}

function testing(test: (text: string) => boolean): Comparison {
  return get => ev => {
    const text = get(ev)
    return text !== undefined && test(text as string)
  }
}
