import { type Node, parseRegex } from './regexsyntax.js'

/**
 * A regular expression in RE2's syntax that has to match the whole text. It runs as an automaton whose states are made when
 * they are first needed, so its time is linear in the text whatever the expression is: filters may come from anybody.
 * Throws a RangeError that says what is wrong with `source`.
 */
export function regex(source: string): (text: string) => boolean {
  const automaton = new Automaton(parseRegex(source))
  return text => automaton.matches(text)
}

/** Instructions of a program: RE2 too has a limit. Counted repetitions multiply. */
const MAX_INSTRUCTIONS = 4000
/** States that are kept; after that all are made anew. */
const MAX_STATES = 1000
/** Transitions are remembered for characters up to this one. */
const REMEMBERED = 256

type Instruction =
  | { op: 'one'; test: (code: number) => boolean; next: number }
  | { op: 'either'; a: number; b: number }
  | { op: 'begin' | 'end'; next: number }
  | { op: 'match' }

interface State {
  /** The `one` instructions that it stands before. */
  readonly at: readonly number[]
  /** Is a text that ends here matched? */
  readonly accepts: boolean
  readonly next: (State | undefined)[]
}

class Automaton {
  readonly #program: Instruction[] = [{ op: 'match' }]
  readonly #states = new Map<string, State>()
  readonly #first: number
  readonly #marks: Uint32Array
  #mark = 0
  #start: State | undefined

  constructor(node: Node) {
    this.#first = this.#emit(node, 0)
    this.#marks = new Uint32Array(this.#program.length)
  }

  matches(text: string): boolean {
    let state = (this.#start ??= this.#state([this.#first], true))
    for (let i = 0; i < text.length; i++) {
      const code = text.codePointAt(i)!
      if (code > 0xffff) i++
      state = (code < REMEMBERED ? (state.next[code] ??= this.#step(state, code)) : this.#step(state, code))
      if (state.at.length === 0 && !state.accepts) return false
    }
    return state.accepts
  }

  #step(state: State, code: number): State {
    const targets: number[] = []
    for (const index of state.at) {
      const instruction = this.#program[index]
      if (instruction.op === 'one' && instruction.test(code)) targets.push(instruction.next)
    }
    return this.#state(targets, false)
  }

  #state(targets: readonly number[], atStart: boolean): State {
    const at = this.#reach(targets, atStart, false).filter(index => this.#program[index].op === 'one').sort((a, b) => a - b)
    const accepts = this.#reach(targets, atStart, true).includes(0)
    const key = `${accepts ? '!' : ''}${at.join()}`
    const known = this.#states.get(key)
    if (known !== undefined) return known
    if (this.#states.size >= MAX_STATES) {
      this.#states.clear()
      this.#start = undefined
    }
    const state: State = { at, accepts, next: [] }
    this.#states.set(key, state)
    return state
  }

  /** All instructions that are reached from `targets` without reading on. */
  #reach(targets: readonly number[], atStart: boolean, atEnd: boolean): number[] {
    const mark = ++this.#mark
    const reached: number[] = []
    const stack = [...targets]
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      if (this.#marks[index] === mark) continue
      this.#marks[index] = mark
      reached.push(index)
      const instruction = this.#program[index]
      if (instruction.op === 'either') stack.push(instruction.a, instruction.b)
      else if ((instruction.op === 'begin' && atStart) || (instruction.op === 'end' && atEnd)) stack.push(instruction.next)
    }
    return reached
  }

  /** Adds the instructions for `node`, which go on at `next`. Returns where they begin. */
  #emit(node: Node, next: number): number {
    switch (node.kind) {
      case 'one': return this.#add({ op: 'one', test: node.test, next })
      case 'begin': case 'end': return this.#add({ op: node.kind, next })
      case 'all': return node.items.reduceRight((after, item) => this.#emit(item, after), next)
      case 'any': return node.items.map(item => this.#emit(item, next)).reduce((a, b) => this.#add({ op: 'either', a, b }))
      case 'repeat': {
        let at = next
        if (node.max === Infinity) {
          const loop = { op: 'either' as const, a: 0, b: next }
          at = this.#add(loop)
          loop.a = this.#emit(node.item, at)
        } else {
          for (let i = node.min; i < node.max; i++) at = this.#add({ op: 'either', a: this.#emit(node.item, at), b: next })
        }
        for (let i = 0; i < node.min; i++) at = this.#emit(node.item, at)
        return at
      }
    }
  }

  #add(instruction: Instruction): number {
    if (this.#program.length >= MAX_INSTRUCTIONS) throw new RangeError('the regular expression is too large: its repetitions multiply')
    return this.#program.push(instruction) - 1
  }
}
