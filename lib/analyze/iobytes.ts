import { type Analyzer, defineAnalyzer } from './analyzer.js'

export interface Bytes {
  in: number
  out: number
}

/** An analyzer that adds up what is read and what is written. */
export function iobytes(name: string, about: string, category: string, filter: string): Analyzer<Bytes, any> {
  return defineAnalyzer({
    name, about, category, filter,
    fields: ['evt.rawarg.res', 'evt.is_io_read'],
    columns: [{ name: 'in', title: 'In', unit: 'bytes' }, { name: 'out', title: 'Out', unit: 'bytes' }, { name: 'total', title: 'Total', unit: 'bytes' }],
    start: (): Bytes => ({ in: 0, out: 0 }),
    event(bytes, ev, [res, isRead]) {
      const amount = Number(res(ev) ?? 0)
      if (!(amount > 0)) return
      if (isRead(ev) === true) bytes.in += amount
      else bytes.out += amount
    },
    merge(into, from) {
      into.in += from.in
      into.out += from.out
    },
    report: ({ in: read, out }) => ({ rows: [[read, out, read + out]] }),
  })
}
