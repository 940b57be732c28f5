import type { Event } from '../event/event.js'
import type { TextBuffer } from '../event/textbuffer.js'
import type { ThreadInfo } from '../state/threadinfo.js'
import type { Extractor, Field, Value, ValueType } from './field.js'

/** What a field has beside its name, type and sentence. */
export type Traits = Partial<Omit<Field, 'name' | 'type' | 'doc' | 'bind'>>

/** A field without argument: one extractor is all there is. */
export function plain(name: string, type: ValueType, doc: string, extractor: Extractor | Extractor['get'], traits: Traits = {}): Field {
  const bound = typeof extractor === 'function' ? { get: extractor } : extractor
  return { name, type, doc, ...traits, bind: () => bound }
}

/** A field of the event's thread; without a value where an event belongs to none. */
export function ofThread(
  name: string, type: ValueType, doc: string, get: (thread: ThreadInfo, ev: Event) => Value | undefined, traits: Traits = {},
): Field {
  return plain(name, type, doc, threadExtractor(get), { needs: ['thread'], ...traits })
}

export function threadExtractor(get: (thread: ThreadInfo, ev: Event) => Value | undefined): Extractor {
  return {
    get(ev) {
      const thread = ev._thread
      return thread === undefined ? undefined : get(thread, ev)
    },
  }
}

/** Adds the printable ASCII of a text, as sysdig shows names that come from outside. */
export function writePrintable(out: TextBuffer, text: string): void {
  const { length } = text
  out.reserve(length)
  const { bytes } = out
  let at = out.length
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0x20 && code < 0x7f) bytes[at++] = code
  }
  out.length = at
}
