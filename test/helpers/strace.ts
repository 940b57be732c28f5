/** Reads what `strace -ff -v -xx -o FILE` writes: a file for each thread, a line for each call, each string in hex. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** An argument as strace writes it. Comments are dropped; NULL is 0. */
export type Value =
  | bigint
  | Buffer
  /** O_RDWR|O_CREAT|0x40: names, and the sum of what has none. */
  | { words: string[]; rest: bigint }
  /** [1, 2], and the names in [HUP TERM]. */
  | Value[]
  /** {fd=3, events=POLLIN}; what has no name is called by its place. */
  | Map<string, Value>
  /** htons(80) */
  | { call: string; args: Value[] }
  /** What the kernel changed: [16 => 4]. */
  | { before: Value; after: Value }

export type Line =
  | { kind: 'call'; name: string; text: string; args: Map<string, Value>; result: Result }
  | { kind: 'signal'; name: string; pid: number | undefined; text: string }
  | { kind: 'end'; code: number; signal: string | undefined; text: string }

/** `value` is undefined where strace saw no result; `note` is what stands in parentheses behind it. */
export interface Result {
  value: bigint | undefined
  errno: string | undefined
  isAddress: boolean
  note: string
}

/** Lines by thread, in the order of each thread. */
export function readStrace(prefix: string): Map<number, Line[]> {
  const files = readdirSync(dirname(prefix)).filter(name => name.startsWith(`${basename(prefix)}.`))
  return new Map(files.map((name): [number, Line[]] => {
    const text = readFileSync(join(dirname(prefix), name), 'latin1')
    return [Number(name.slice(name.lastIndexOf('.') + 1)), text.split('\n').filter(Boolean).map(parseLine)]
  }))
}

export function parseLine(text: string): Line {
  const signal = /^--- (SIG\w+) \{(.*)\} ---$/.exec(text)
  if (signal !== null) {
    const pid = /\bsi_pid=(\d+)/.exec(signal[2])?.[1]
    return { kind: 'signal', name: signal[1], pid: pid === undefined ? undefined : Number(pid), text }
  }
  const end = /^\+\+\+ (?:exited with (\d+)|killed by (SIG\w+)).* \+\+\+$/.exec(text)
  if (end !== null) return { kind: 'end', code: Number(end[1] ?? 0), signal: end[2], text }
  // Strings are in hex, so that nothing in them looks like the end of the arguments.
  const call = /^(\w+)\((.*)\) += (.*)$/.exec(text)
  if (call === null) throw new Error(`not a line of strace: ${text}`)
  let args: Map<string, Value> | undefined
  return {
    kind: 'call', name: call[1], text, result: parseResult(call[3]),
    // Only when somebody asks: of most calls without an event of their own nothing is compared.
    get args() { return (args ??= parseValues(call[2])) },
  }
}

function parseResult(text: string): Result {
  const match = /^(\?|-?\w+)(?: (E\w+))?(?: \((.*)\))?$/.exec(text)
  if (match === null) throw new Error(`not a result of strace: ${text}`)
  const [, value, errno, note = ''] = match
  return { value: value === '?' ? undefined : number(value), errno, isAddress: value.startsWith('0x'), note }
}

/** "3, {a=1}, flags=A|B": by name, or else by place. */
export function parseValues(text: string): Map<string, Value> {
  let at = 0
  const values = list('')
  if (at < text.length) fail()
  return values

  function fail(): never {
    throw new Error(`cannot read ${text.slice(at, at + 40)} in ${text}`)
  }
  function match(pattern: RegExp): string | undefined {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  function space(): void {
    while (match(/\s+|\/\*.*?\*\//y) !== undefined) { /* on */ }
  }
  function list(end: string): Map<string, Value> {
    const entries = new Map<string, Value>()
    space()
    while (at < text.length && !(end !== '' && text.startsWith(end, at))) {
      const name = match(/\w+=(?![=>])/y)?.slice(0, -1)
      entries.set(name ?? String(entries.size), value())
      // Names in a set have only a blank between them.
      if (match(/\s*,\s*/y) === undefined) space()
    }
    if (end !== '' && match(new RegExp(`\\${end}`, 'y')) === undefined) fail()
    return entries
  }
  function value(): Value {
    const before = term()
    space()
    return match(/=>\s*/y) === undefined ? before : { before, after: value() }
  }
  function term(): Value {
    if (match(/@?(?=")/y) !== undefined) {
      const string = match(/"(?:\\x[0-9a-f]{2})*"/y) ?? fail()
      if (match(/\.\.\./y) !== undefined) fail()
      return Buffer.from(string.replaceAll(/\\x|"/g, ''), 'hex')
    }
    if (match(/~?\[/y) !== undefined) return [...list(']').values()]
    if (match(/\{/y) !== undefined) return list('}')
    const called = match(/\w+(?=\()/y)
    if (called !== undefined) {
      at++
      return { call: called, args: [...list(')').values()] }
    }
    const words: string[] = []
    let rest = 0n
    do {
      const part = match(/&?\w+|-\w+/y) ?? fail()
      if (!/^-?\d/.test(part)) {
        if (part !== 'NULL') words.push(part)
      } else {
        const factor = match(/\*\w+/y)
        rest += number(part) * (factor === undefined ? 1n : number(factor.slice(1)))
      }
      space()
    } while (match(/\|(?!\|)/y) !== undefined)
    return words.length === 0 ? rest : { words, rest }
  }
}

function number(text: string): bigint {
  if (text.startsWith('-')) return -number(text.slice(1))
  return /^0\d/.test(text) ? BigInt(`0o${text.slice(1)}`) : BigInt(text)
}
