import { EVENT_COUNT, type EventInfo, eventInfo } from '../event/table.js'
import type { Extractor, Field } from './field.js'

/** A field without argument, with how to get its value: one extractor serves all. */
export function define({ get, all, write, writeJson, compare, ...field }: Omit<Field, 'bind'> & Extractor): Field {
  const extractor: Extractor = {
    get,
    ...(all && { all }), ...(write && { write }), ...(writeJson && { writeJson }), ...(compare && { compare }),
  }
  return { ...field, bind: () => extractor }
}

const UNKNOWN = Symbol('unknown')

/** What follows from an event's type alone, found out when the first event of the type comes; `otherwise` for codes of later drivers. */
export function byType<T>(of: (info: EventInfo) => T, otherwise: T): (type: number) => T {
  const known = new Array<T | typeof UNKNOWN>(EVENT_COUNT).fill(UNKNOWN)
  return (type) => {
    if (type >= EVENT_COUNT) return otherwise
    const value = known[type]
    return value === UNKNOWN ? (known[type] = of(eventInfo(type)!)) : value
  }
}
