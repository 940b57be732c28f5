import { latin1 } from '../event/strings.js'

/**
 * A list of strings that is read when somebody asks: processes come with hundreds of arguments and variables that hardly anybody
 * looks at. Until then it keeps its bytes as a string of Latin-1, which costs a tenth of an array of them.
 */
export class StringList {
  static readonly EMPTY = StringList.of([])

  #bytes: string | undefined
  #strings: readonly string[] | undefined

  static of(strings: readonly string[]): StringList {
    const list = new StringList()
    list.#strings = strings
    return list
  }

  /** A copy of strings that each end with a NUL; the last one may lack it. */
  static from(memory: Uint8Array, start: number, end: number): StringList {
    const list = new StringList()
    list.#bytes = latin1(memory, start, end)
    return list
  }

  get strings(): readonly string[] {
    return (this.#strings ??= this.#read())
  }

  #read(): readonly string[] {
    const bytes = this.#bytes!
    this.#bytes = undefined
    const strings = (bytes.endsWith('\0') ? bytes.slice(0, -1) : bytes).split('\0')
    return BEYOND_ASCII.test(bytes) ? strings.map(text => Buffer.from(text, 'latin1').toString('utf8')) : strings
  }
}

const BEYOND_ASCII = /[\x80-\xff]/
