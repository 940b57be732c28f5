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

/**
 * All system calls. Their events may come in any version, from older drivers, and as generic ones from drivers that had no
 * event for the call yet.
 */
export function calls(): readonly Call[] {
  return (all ??= syscallNames().map(name => {
    const codes = syscallCodes(syscallNumber(name)!)
    const ppmSc = codes?.ppmSc || undefined // 0: the driver has no code for it
    const own = codes === undefined || codes.enter < 2 ? [] : [...new Set([codes.enter, codes.enter + 1, ...codesOf(name)])]
    const of = (odd: number) => [new Kind(odd, ppmSc), ...own.filter(code => (code & 1) === odd).map(code => kinds()[code])]
    return { name, kinds: { enter: of(0), exit: of(1) } }
  }))
}
