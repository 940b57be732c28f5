import type { Operator } from '../field/field.js'

/** Where something stands in the filter's text: offsets of its first character and of the one after its last. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A filter as it was read: the text for messages, the expression for everything else. */
export interface Filter {
  readonly text: string
  readonly root: Expression
}

export type Expression = And | Or | Not | Check

/** True where all terms are; at least two. */
export interface And extends Span {
  readonly kind: 'and'
  readonly terms: readonly Expression[]
}

/** True where one of the terms is; at least two. */
export interface Or extends Span {
  readonly kind: 'or'
  readonly terms: readonly Expression[]
}

export interface Not extends Span {
  readonly kind: 'not'
  readonly term: Expression
}

/** One comparison: `fd.num in (1, 2)`, `proc.name exists`, `proc.name = val(proc.pname)`. */
export interface Check extends Span {
  readonly kind: 'check'
  readonly left: Term
  readonly operator: Operator
  /** Where the operator stands. */
  readonly operatorAt: Span
  /** What is compared with: one value, several for lists, none for `exists` and where `right` is given. */
  readonly operands: readonly Literal[]
  /** What is compared with, where that comes from the event too. */
  readonly right?: Term
}

/** What has a value in an event. */
export type Term = FieldTerm | TransformTerm

/** A field as written: the argument behind a dot is still part of the name, since only the registry can tell. */
export interface FieldTerm extends Span {
  readonly kind: 'field'
  readonly name: string
  /** The argument in square brackets. */
  readonly arg?: string
}

/** `tolower(proc.name)` */
export interface TransformTerm extends Span {
  readonly kind: 'transform'
  readonly name: string
  readonly of: Term
}

/** A value with quotes and escapes resolved. Bytes that are no UTF-8 stand in it as in literal.ts. */
export interface Literal extends Span {
  readonly text: string
}
