import type { Expression, Literal, Term } from './ast.js'
import { LIST_OPERATORS } from './operators.js'
import { hasBytes, quoted } from './literal.js'

/** What needs no quotes in either grammar. */
const PLAIN = /^[\w./:*?+@%~^$#;{}|<>!-]+$/
const ARGUMENT = /^[^ \t\b\r\n[\]"']+$/

/** The filter in its canonical form, which both grammars read in the same way: `parse` makes the same expression of it. */
export function print(expression: Expression): string {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.terms.map(operand).join(` ${expression.kind} `)
    case 'not':
      return `not ${expression.term.kind === 'check' ? print(expression.term) : `(${print(expression.term)})`}`
    case 'check': {
      const { left, operator, operands, right } = expression
      const check = `${printTerm(left)} ${operator}`
      if (operator === 'exists') return check
      if (right !== undefined) return `${check} ${right.kind === 'field' ? `val(${printTerm(right)})` : printTerm(right)}`
      if (LIST_OPERATORS.has(operator)) return `${check} (${operands.map(printLiteral).join(', ')})`
      return `${check} ${printLiteral(operands[0])}`
    }
  }
}

/** A field or transformer as it stands in a filter. */
export function printTerm(term: Term): string {
  if (term.kind === 'transform') return `${term.name}(${printTerm(term.of)})`
  if (term.arg === undefined) return term.name
  return `${term.name}[${ARGUMENT.test(term.arg) && !hasBytes(term.arg) ? term.arg : quoted(term.arg)}]`
}

function operand(term: Expression): string {
  return term.kind === 'and' || term.kind === 'or' ? `(${print(term)})` : print(term)
}

function printLiteral({ text }: Literal): string {
  return PLAIN.test(text) ? text : quoted(text)
}
