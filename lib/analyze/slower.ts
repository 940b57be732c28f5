import type { Event } from '../event/event.js'
import type { Analyzer, Argument, ArgumentValues } from './analyzer.js'
import { type Lines, lines } from './lines.js'

export interface SlowerOptions {
  name: string
  about: string
  category: string
  filter: string
  /** Files that are not told of begin with this. */
  skip?: string
  /** Is there an fd to tell of? */
  fd: boolean
  /** Of calls that took long: which are told of, where an argument says that. */
  only?: (ev: Event, args: ArgumentValues) => boolean
  args?: readonly Argument[]
  liveOnly?: string
}

const FIELDS = ['evt.latency', 'proc.name', 'evt.type', 'fd.name'] as const

/** An analyzer that tells of the calls that took longer than its argument says. */
export function slower({ skip, fd, only, args = [], ...rest }: SlowerOptions): Analyzer<Lines, any> {
  return lines({
    ...rest,
    fields: FIELDS,
    args: [{ name: 'min_ms', about: 'milliseconds that a call has to take longer than', type: 'number', min: 0 }, ...args],
    columns: [
      { name: 'proc.name', title: 'Process' }, { name: 'evt.type', title: 'Call' }, { name: 'evt.latency', title: 'Latency', unit: 'ns' },
      ...fd ? [{ name: 'fd.name', title: 'File' }] : [],
    ],
    row(ev, [latency, process, call, name], values) {
      const took = Number(latency(ev) ?? 0)
      if (!(took > Number(values.min_ms) * 1e6) || only?.(ev, values) === false) return undefined
      if (!fd) return [process(ev), call(ev), took]
      const file = name(ev)
      return skip !== undefined && file?.startsWith(skip) === true ? undefined : [process(ev), call(ev), took, file]
    },
  })
}
