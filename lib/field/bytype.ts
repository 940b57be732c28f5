import { EVENT_COUNT, type EventInfo, eventInfo } from '../event/table.js'

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
