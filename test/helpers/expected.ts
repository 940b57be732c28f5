/** What the test programs say of their own calls, compared with what an event carries. See programs/calls/calls.h. */
import { isDeepStrictEqual } from 'node:util'
import type { Event } from '../../lib/event/event.js'
import { eventInfo, flagTable, type ParamInfo } from '../../lib/event/table.js'

/** A call as the program recorded it: "res=n:-2", "name>=s:file" for the enter event only, "name<=…" for the exit event only. */
export interface Call {
  name: string
  tid: number
  params: ReadonlyMap<string, string>
}

export function parseCalls(output: string): Call[] {
  return output.split('\n').filter(Boolean).map((line) => {
    const [name, tid, ...params] = line.split('\t')
    return {
      name, tid: Number(tid), params: new Map(params.filter(Boolean).map((param): [string, string] => {
        const at = param.indexOf('=')
        return [param.slice(0, at), param.slice(at + 1)]
      })),
    }
  })
}

/** FD_UPPER_LAYER and FD_LOWER_LAYER: where the test's files are on an overlay, as in most containers, all have one. */
const LAYERS = 1 << 15 | 1 << 16

/**
 * Parameters that agree and what is wrong with the others. "?" in the expectation means: it is there, whatever it is. "result"
 * is an exit event's first parameter, by whatever name. With a parameter "…" those that are not named need only be decodable.
 */
export function compare(ev: Event, call: Call): { compared: string[]; wrong: string[] } {
  const compared: string[] = []
  const wrong: string[] = []
  const info = eventInfo(ev.type)!
  info.params.slice(0, ev.nparams).forEach((param, index) => {
    const expected = call.params.get(param.name + (ev.dir === 'enter' ? '>' : '<')) ?? call.params.get(param.name)
      ?? (index === 0 && ev.dir === 'exit' && ev.type > 1 ? call.params.get('result') : undefined)
    const where = `${info.const} ${param.name}`
    const length = ev.param(index)!.length
    if (expected === undefined) {
      if (!call.params.has('…')) wrong.push(`${where}: the program does not say`)
      else if (length > 0) void ev.args[param.name]
      return
    }
    if (expected === '?') {
      if (length === 0) wrong.push(`${where}: empty`)
      return
    }
    const actual = length === 0 && param.type !== 'BYTEBUF' ? undefined : ev.args[param.name]
    if (/^[mk]:/.test(expected)) {
      if (expected[0] === 'm' ? Number(actual) >= Number(expected.slice(2)) : String(actual).includes(expected.slice(2))) compared.push(param.name)
      else wrong.push(`${where}: ${show(actual)} instead of ${expected}`)
      return
    }
    const value = expectation(expected, param)
    // The kernel's addresses of a UNIX socket are known to nobody else.
    const onLayer = param.table === 'file_flags' && !expected.includes('LAYER') ? LAYERS : 0
    const seen = expected.startsWith('w:') && typeof actual === 'object' && 'path' in actual ? actual.path : onLayer !== 0 ? Number(actual) & ~onLayer : plain(actual)
    if (isDeepStrictEqual(seen, value)) compared.push(param.name)
    else wrong.push(`${where}: ${show(seen)} instead of ${show(value)} (${expected})`)
  })
  return { compared, wrong }
}

/** The numbers of 64 bits are compared as they would be printed with %ld. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(BigInt.asIntN(64, value))
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return value
}

function expectation(text: string, param: ParamInfo): unknown {
  if (text === '-') return undefined
  const value = text.slice(2)
  switch (text[0]) {
    case 'n':
      return Number(value)
    case 'h': case 's': case 'w':
      return value
    case 'l':
      return value === '' ? [] : value.split('\x01')
    case 'g':
      return value.split(',').filter(Boolean)
    case 'f':
      return bits(param, value.split('|').filter(Boolean))
    case 'a':
      return { family: value.split(':').length > 2 ? 'ipv6' : 'ipv4', ...endpoint(value) }
    case 'u':
      return { family: 'unix', path: value }
    case 't': {
      const [source, dest] = value.split('->').map(endpoint)
      return { family: value.split(':').length > 3 ? 'ipv6' : 'ipv4', source, dest }
    }
    case 'p':
      return value.split(',').filter(Boolean).map((entry) => {
        const [fd, events] = entry.split('/')
        return { fd: Number(fd), flags: bits({ ...param, table: 'poll_flags' }, events.split('+').filter(Boolean)) }
      })
    default:
      throw new Error(`what is ${text}?`)
  }
}

/** Flags have their C names in the driver's tables, with values of the driver's own. */
function bits(param: ParamInfo, names: readonly string[]): number {
  const table = flagTable(param.table ?? 'file_flags')
  return names.reduce((sum, name) => {
    const at = table?.names.indexOf(name) ?? -1
    if (at < 0) throw new Error(`${param.name}: no ${name} in ${param.table}`)
    return (sum | table!.values[at]) >>> 0
  }, 0)
}

function endpoint(text: string): { address: string; port: number } {
  const at = text.lastIndexOf(':')
  return { address: text.slice(0, at), port: Number(text.slice(at + 1)) }
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}` : item)) ?? 'nothing'
}
