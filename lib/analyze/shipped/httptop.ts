import { type Analyzer, defineAnalyzer, type Getters } from '../analyzer.js'
import { type Exchange, exchange, HTTP_FIELDS, HTTP_FILTER, HTTP_SNAPLEN, noRequests, type Requests } from '../http.js'
import type { Column } from '../report.js'

/** Requests of one method to one URL, in one container. */
interface Calls {
  readonly key: readonly string[]
  ncalls: number
  bytes: number
  ns: number
}

export interface State {
  calls: Map<string, Calls>
  maxKeys: number
  cut: number
}

const TOP = 30
/** What they are sorted by: of the time the mean. */
const VALUES: Readonly<Record<string, { column: Column; of(calls: Calls): number }>> = {
  ncalls: { column: { name: 'ncalls', title: 'ncalls', unit: 'count' }, of: ({ ncalls }) => ncalls },
  bytes: { column: { name: 'bytes', title: 'bytes', unit: 'bytes' }, of: ({ bytes }) => bytes },
  time: { column: { name: 'time', title: 'time', unit: 'ns' }, of: ({ ns, ncalls }) => Math.round(ns / ncalls) },
}

function httptop(containers: boolean): Analyzer<State, any, Requests> {
  const key = containers ? ['container', 'method', 'url'] : ['method', 'url']
  return defineAnalyzer({
    name: 'httptop',
    about: 'HTTP requests by number, bytes or time',
    category: 'Application',
    args: [{ name: 'by', about: 'ncalls: how many; bytes: how much was sent back; time: how long they took in the mean', type: 'string', choices: Object.keys(VALUES), default: 'ncalls' }],
    filter: HTTP_FILTER,
    snaplen: HTTP_SNAPLEN,
    key: 'fd',
    fields: [...HTTP_FIELDS, ...containers ? ['container.name'] as const : []] as const,
    columns: ({ by }) => [VALUES[by].column, ...key.map(name => ({ name, title: name }))],
    memory: noRequests,
    start: ({ maxKeys }): State => ({ calls: new Map(), maxKeys, cut: 0 }),
    event(state, ev, fields, requests: Requests) {
      const found = exchange(requests, ev, fields as unknown as Getters<typeof HTTP_FIELDS>)
      if (found !== undefined) add(state, callsOf(found, containers ? String(fields[HTTP_FIELDS.length]?.(ev)) : undefined))
    },
    merge(into, from) {
      into.cut += from.cut
      for (const calls of from.calls.values()) add(into, calls)
    },
    report({ calls, cut }, { args: { by } }) {
      const { of } = VALUES[by]
      const sorted = [...calls.values()].sort((a, b) => of(b) - of(a) || (a.key.join() < b.key.join() ? -1 : 1))
      return { rows: sorted.slice(0, TOP).map(calls => [of(calls), ...calls.key]), cut }
    },
  })
}

function callsOf({ method, url, bytes, ns }: Exchange, container: string | undefined): Calls {
  return { key: container === undefined ? [method, url] : [container, method, url], ncalls: 1, bytes, ns }
}

function add(state: State, more: Calls): void {
  const { calls, maxKeys } = state
  const key = more.key.join('\0')
  const before = calls.get(key)
  if (before !== undefined) {
    before.ncalls += more.ncalls
    before.bytes += more.bytes
    before.ns += more.ns
  } else if (calls.size < maxKeys) calls.set(key, { ...more })
  else state.cut += more.ncalls
}

export default { ...httptop(false), withContainers: httptop(true) }
