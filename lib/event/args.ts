import { inspect } from 'node:util'
import { type Decode, decoder } from './decode.js'
import type { Event } from './event.js'
import { EVENT_COUNT, eventInfo } from './table.js'
import type { Args, ArgValue } from './types.generated.js'

const EMPTY_BUFFER = new Uint8Array(0)

/**
 * The parameters of one event, as properties that decode when they are read. It holds no values: it looks through its
 * event wherever that stands, and like the event it refuses after the burst has ended.
 *
 * One class per event type, made when the first event of the type is asked, with a getter for each parameter. They are
 * enumerable on the prototype: `for (const name in ev.args)` finds them; a spread does not, `toJSON()` copies.
 */
class EventArgs {
  readonly #event: Event

  constructor(event: Event) {
    this.#event = event
  }

  static #param(args: EventArgs, index: number, { decode, empty }: ParamDecoder): ArgValue | undefined {
    const ev = args.#event
    if (index >= ev.nparams) return undefined
    const length = ev._paramLength(index)
    return length === 0 ? empty : decode(ev, ev._paramAt(index), length)
  }

  /** @internal */
  static of(type: number): typeof EventArgs {
    const EventTypeArgs = class extends EventArgs {}
    for (const [index, param] of paramDecoders(type).entries()) {
      Object.defineProperty(EventTypeArgs.prototype, param.name, {
        get(this: EventArgs) { return EventArgs.#param(this, index, param) },
        enumerable: true,
        configurable: true,
      })
    }
    return EventTypeArgs
  }

  /** Plain values for JSON: big integers as numbers where that is exact and else as decimal strings, bytes as base64. */
  toJSON(): Record<string, unknown> {
    const plain: Record<string, unknown> = {}
    for (const name in this) plain[name] = plainValue((this as unknown as Args)[name])
    return plain
  }

  [inspect.custom](): Record<string, unknown> {
    const values: Record<string, unknown> = {}
    for (const name in this) values[name] = (this as unknown as Args)[name]
    return values
  }
}

/** How to read one parameter of an event type. */
export interface ParamDecoder {
  readonly name: string
  readonly decode: Decode
  /** The value when there are no bytes: a buffer was read and is empty, anything else could not be read. */
  readonly empty: ArgValue | undefined
}

const NOTHING = { _memory: EMPTY_BUFFER } as Event
const decoders: (readonly ParamDecoder[] | undefined)[] = new Array(EVENT_COUNT).fill(undefined)

/** In the order of the parameters; made when an event of the type is first looked into. */
export function paramDecoders(type: number): readonly ParamDecoder[] {
  const info = eventInfo(type)
  if (info === undefined) return []
  return (decoders[type] ??= info.params.map((param) => {
    const decode = decoder(param)
    return { name: param.name, decode, empty: param.type === 'BYTEBUF' ? decode(NOTHING, 0, 0) : undefined }
  }))
}

const classes: (typeof EventArgs | undefined)[] = new Array(EVENT_COUNT + 1).fill(undefined)

/** The parameters of `ev`: one object per Event and type, reused. */
export function argsOf(ev: Event): Args {
  // Codes of later drivers share the last place, an object without parameters.
  const type = Math.min(ev.type, EVENT_COUNT)
  const cache = (ev._args ??= new Array(EVENT_COUNT + 1).fill(undefined))
  return (cache[type] ??= new (classes[type] ??= EventArgs.of(type))(ev) as unknown as Args)
}

/** What JSON can say of a value; see EventArgs.toJSON. */
export function plainValue(value: ArgValue | undefined): unknown {
  if (typeof value === 'bigint') return plainBigint(value)
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')
  if (typeof value === 'object' && 'family' in value && value.family === 'unix' && 'source' in value) {
    return { ...value, source: value.source.toString(16), dest: value.dest.toString(16) }
  }
  return value
}

function plainBigint(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}
