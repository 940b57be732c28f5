import type { Event } from '../event/event.js'
import type { ThreadInfo } from '../state/threadinfo.js'
import type { Extractor, Field, Value, ValueType } from './field.js'

/** What a field has beside its name, type and sentence. */
export type Traits = Partial<Omit<Field, 'name' | 'type' | 'doc' | 'bind'>>

/** A field without argument: one extractor, or what gets the value if that is all of it, serves whoever asks. */
export function define(name: string, type: ValueType, doc: string, extractor: Extractor | Extractor['get'], traits: Traits = {}): Field {
  const bound = typeof extractor === 'function' ? { get: extractor } : extractor
  return { name, type, doc, ...traits, bind: () => bound }
}

/** A field of the event's thread; without a value where an event belongs to none. */
export function ofThread(
  name: string, type: ValueType, doc: string, get: (thread: ThreadInfo, ev: Event) => Value | undefined, traits: Traits = {},
): Field {
  return define(name, type, doc, threadExtractor(get), { needs: ['thread'], ...traits })
}

export function threadExtractor(get: (thread: ThreadInfo, ev: Event) => Value | undefined): Extractor {
  return {
    get(ev) {
      const thread = ev._thread
      return thread === undefined ? undefined : get(thread, ev)
    },
  }
}
