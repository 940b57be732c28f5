import { syscallCodes, syscallNumber } from '../event/table.js'
import type { Direction } from '../event/record.js'
import { Kind, kinds } from './decide.js'
import { codesOf, syscallNames } from './eventnames.js'

/** A system call of x86_64, and what its events can be. */
export interface Call {
  readonly name: string
  readonly kinds: Readonly<Record<Direction, readonly Kind[]>>
}

let all: readonly Call[] | undefined

/** All system calls. One without an event of its own makes a generic one; others may come in any version, from older drivers. */
export function calls(): readonly Call[] {
  return (all ??= syscallNames().map(name => {
    const codes = syscallCodes(syscallNumber(name)!)
    if (codes === undefined || codes.enter < 2) return { name, kinds: { enter: [new Kind(0, codes?.ppmSc)], exit: [new Kind(1, codes?.ppmSc)] } }
    const versions = [...new Set([codes.enter, codes.enter + 1, ...codesOf(name)])].map(code => kinds()[code])
    return { name, kinds: { enter: versions.filter(({ code }) => (code & 1) === 0), exit: versions.filter(({ code }) => (code & 1) === 1) } }
  }))
}
