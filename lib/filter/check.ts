import type { Event } from '../event/event.js'
import type { Operator, Value, ValueType } from '../field/field.js'
import { nearestName } from '../field/nearest.js'
import type { Check, Filter } from './ast.js'
import { comparisonOf, isNumber, relationOf } from './compare.js'
import { FilterError, listed } from './error.js'
import { allEventNames } from './eventnames.js'
import { parseNumber } from './numbers.js'
import { ON_LISTS, operatorsOf, typeText } from './operators.js'
import { type Comparison, OperandError, type Predicate, type Relation } from './predicate.js'
import { type Fields, resolve, type Source } from './resolve.js'

/** A check with its fields found: what to evaluate, and what it depends on. */
export interface BoundCheck {
  readonly check: Check
  readonly left: Source
  readonly right: Source | undefined
  readonly test: Predicate
}

/** Finds the fields of a check and makes a predicate of it. @throws FilterError */
export function bindCheck(check: Check, filter: Pick<Filter, 'text'>, fields: Fields): BoundCheck {
  const left = resolve(check.left, filter, fields)
  const right = check.right === undefined ? undefined : resolve(check.right, filter, fields)
  checkOperator(check, left, filter)
  const test = right === undefined ? againstOperands(check, left, filter) : againstField(check, left, right, filter)
  return { check, left, right, test }
}

/** Can this operator be used on this type? */
function checkOperator(check: Check, { field, type, list, compare }: Source, { text }: Pick<Filter, 'text'>): void {
  const { operator } = check
  const allowed = list && compare === undefined ? ON_LISTS : operatorsOf(type)
  if (allowed.includes(operator)) return
  const what = list && allowed === ON_LISTS ? 'a list' : typeText(type)
  const alternative = ALTERNATIVES[operator]?.find(each => allowed.includes(each))
  throw new FilterError(text, check.operatorAt, `${operator} cannot be used on ${field.name}, which is ${what}`, {
    expected: allowed,
    suggestion: alternative,
    hint: alternative === undefined ? `${field.name} can be tested with ${listed(allowed)}` : undefined,
  })
}

/** What was most likely meant by an operator that does not fit. */
const ALTERNATIVES: Partial<Record<Operator, readonly Operator[]>> = {
  '=': ['intersects'], '!=': ['intersects'], pmatch: ['in'], contains: ['=', 'intersects'], startswith: ['='], endswith: ['='],
  icontains: ['contains', '='], bcontains: ['contains', '='], bstartswith: ['startswith', '='],
  glob: ['=', 'contains', 'in'], iglob: ['=', 'contains'], regex: ['=', 'contains'],
}

function againstOperands(check: Check, source: Source, { text }: Pick<Filter, 'text'>): Predicate {
  const { operator, operands } = check
  const { get, type } = source
  const texts = operands.map(operand => operand.text)
  try {
    // The type's own comparison first: it says which operand is wrong.
    const comparison = operator === 'exists' ? exists : comparisonOf(type, operator, texts)
    if (source.field.name === 'evt.type' && !source.transformed) checkEventNames(texts)
    const own = source.compare?.(operator, type === 'PORT' ? texts.map(port => `${parseNumber(type, port)}`) : texts)
    if (own !== undefined) return own
    return source.list && operator !== 'exists' ? onAll(source, operator, comparison) : comparison(get)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const at = operands[error instanceof OperandError ? error.index : 0] ?? check.operatorAt
    throw new FilterError(text, at, `${source.field.name}: ${error.message}`, {
      expected: [typeText(type)],
      suggestion: error instanceof OperandError ? error.suggestion : undefined,
      hint: error instanceof OperandError && error.suggestion !== undefined ? undefined : examples(type),
    })
  }
}

function againstField(check: Check, left: Source, right: Source, { text }: Pick<Filter, 'text'>): Predicate {
  const { operator } = check
  for (const [source, term] of [[left, check.left], [right, check.right!]] as const) {
    if (!source.field.filterOnly && source.type !== 'DYN' && source.type !== 'IPNET') continue
    const problem = `${source.field.name} has no value of its own to compare with another field`
    throw new FilterError(text, term, problem, { expected: ['a value'] })
  }
  if (!isSimilar(left.type, right.type)) {
    const problem = `${left.field.name} is ${typeText(left.type)}, ${right.field.name} is ${typeText(right.type)}`
    throw new FilterError(text, check.right!, problem, { expected: [`a field that is ${typeText(left.type)}`] })
  }
  const relation = relationOf(left.type, operator)
  if (relation === undefined) {
    throw new FilterError(text, check.right!, `${operator} needs a value that is known before, not a field's`, { expected: ['a value'] })
  }
  return relate(left, operator, relation, right)
}

/** Lists on either side: `in` when all the left side's values are on the right, `intersects` when one is. */
function relate(left: Source, operator: Operator, relation: Relation, right: Source): Predicate {
  const a = left.get
  const b = right.get
  if (!left.list && !right.list) {
    return ev => {
      const x = a(ev)
      if (x === undefined) return false
      const y = b(ev)
      return y !== undefined && relation(x, y)
    }
  }
  const [xs, ys] = [valuesOf(left), valuesOf(right)]
  return ev => {
    const these = xs(ev)
    const those = ys(ev)
    if (these === undefined || those === undefined) return false
    const isThere = (x: Value) => those.some(y => relation(x, y))
    return operator === 'in' ? these.every(isThere) : these.some(isThere)
  }
}

function valuesOf({ get, all, list }: Source): (ev: Event) => readonly Value[] | undefined {
  if (list && all !== undefined) return all
  return ev => {
    const value = get(ev)
    return value === undefined ? undefined : [value]
  }
}

function onAll(source: Source, operator: Operator, comparison: Comparison): Predicate {
  const all = valuesOf(source)
  let current: Value
  const test = comparison(() => current)
  return ev => {
    const values = all(ev)
    if (values === undefined) return false
    const every = operator === 'in'
    for (const value of values) {
      current = value
      if (test(ev) !== every) return !every
    }
    return every
  }
}

const exists: Comparison = get => ev => get(ev) !== undefined

function isSimilar(a: ValueType, b: ValueType): boolean {
  return a === b || (isNumber(a) && isNumber(b))
}

/** As sysdig, which takes only names of events, whatever the operator. */
function checkEventNames(texts: readonly string[]): void {
  const names = allEventNames()
  for (const [index, name] of texts.entries()) {
    if (names.has(name)) continue
    throw new OperandError(`there is no event ${name === '' ? "''" : name}`, index, nearestName(name.toLowerCase(), [...names]))
  }
}

function examples(type: ValueType): string {
  switch (type) {
    case 'BOOL': return 'true or false'
    case 'IPADDR': return 'for example 10.0.0.1 or ::1; networks are compared with fd.net'
    case 'IPNET': return 'for example 10.0.0.0/8 or 2001:db8::/32'
    case 'PORT': return 'for example 80 or http'
    case 'CHARBUF': return 'see the operator in the documentation of filters'
    case 'BYTEBUF': return 'for example 0a0d'
    default: return 'for example 42, -1 or 0x2a'
  }
}
