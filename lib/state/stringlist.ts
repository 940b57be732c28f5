import { nulSeparated } from '../event/strings.js'

/**
 * A list of strings that is read when somebody asks: processes come with hundreds of arguments and variables that hardly anybody
 * looks at. It holds a copy of its bytes, or shares that of the list that it was taken from.
 */
export class StringList {
  static readonly EMPTY = StringList.of([])

  #memory: Uint8Array | undefined
  #start = 0
  #end = 0
  #strings: readonly string[] | undefined

  static of(strings: readonly string[]): StringList {
    const list = new StringList()
    list.#strings = strings
    return list
  }

  /** Strings that each end with a NUL, in memory that nobody writes any more. */
  static in(memory: Uint8Array, start: number, end: number): StringList {
    const list = new StringList()
    list.#memory = memory
    list.#start = start
    list.#end = end
    return list
  }

  get strings(): readonly string[] {
    return (this.#strings ??= this.#read())
  }

  #read(): readonly string[] {
    const strings = nulSeparated(this.#memory!, this.#start, this.#end)
    this.#memory = undefined
    return strings
  }
}
