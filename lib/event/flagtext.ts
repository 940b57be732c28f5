import { integer, READERS } from './integertext.js'
import type { ParamText } from './paramtext.js'
import { flagTable, type FlagTable, type ParamInfo } from './table.js'

/** The value in decimal (a MODE in octal) and the names that `lookUp` finds for it. */
export function flagsText(param: ParamInfo, lookUp: (table: FlagTable, value: number) => string | undefined): ParamText {
  const bits = Number(/\d+$/.exec(param.type)?.[0] ?? 32)
  const raw = integer(param.type === 'MODE' ? 'UINT32' : `UINT${bits}`, param.type === 'MODE' ? param.format : 'DEC')
  const table = param.table === undefined ? undefined : flagTable(param.table)
  if (table === undefined) return { raw }
  const read = READERS[bits]
  // Few values occur, and they occur again and again.
  const known = new Map<number, string | undefined>()
  return {
    raw,
    resolve: (ev, at, length) => {
      if (length < bits / 8) return undefined
      const value = read(ev._view, at)
      let text = known.get(value)
      if (text === undefined && !known.has(value)) {
        text = lookUp(table, value)
        if (known.size < KNOWN_FLAGS) known.set(value, text)
      }
      return text
    },
  }
}

/** Values of one parameter whose text is kept; a hostile file does not make it more. */
const KNOWN_FLAGS = 256

/**
 * The names of the bits in `value`, in the order of the table, each bit once; an entry that equals the whole value is
 * the last one. Source: sinsp_evt::get_param_as_str.
 */
export function flagNames(table: FlagTable, value: number): string | undefined {
  const names: string[] = []
  let rest = value
  for (let i = 0; i < table.values.length; i++) {
    const flag = table.values[i]
    if (flag === value || (flag !== 0 && rest !== 0 && (rest & flag) >>> 0 === flag)) {
      names.push(table.names[i])
      if (flag === value) break
      rest = (rest & ~flag) >>> 0
    }
  }
  return names.length === 0 ? undefined : names.join('|')
}

/** The names of exactly this value. */
export function enumNames(table: FlagTable, value: number): string | undefined {
  const names = table.names.filter((_, i) => table.values[i] === value)
  return names.length === 0 ? undefined : names.join('|')
}
