import { FRAME_FIELDS, frameExpression, type FrameFilter, frameNames } from '../export/expression.js'
import { integer } from './args.js'
import type { Output } from './output.js'
import { UsageError } from './report.js'

const EXAMPLES: readonly (readonly [string, FrameFilter])[] = [
  ['enter events', { dir: 'enter' }],
  ['exit events', { dir: 'exit' }],
  ['thread 1234', { tid: 1234 }],
  ['CPU 1', { cpu: 1 }],
  ['openat of thread 1234', { names: ['openat'], tid: 1234 }],
]

/** Prints where things stand in a frame, and expressions that select by them; with words, the one expression that they stand for. */
export async function printFrameFilters(out: Output, words: readonly string[], json: boolean): Promise<void> {
  if (words.length > 0) {
    const expression = frameExpression(frameFilter(words))
    out.line(json ? JSON.stringify({ expression }) : expression)
    return out.flush()
  }
  const events = Object.fromEntries(frameNames().map(name => [name, frameExpression({ names: [name] })]))
  if (json) {
    const expressions = Object.fromEntries(EXAMPLES.map(([about, filter]) => [about, frameExpression(filter)]))
    out.line(JSON.stringify({ fields: FRAME_FIELDS, expressions, events }))
    return out.flush()
  }
  out.line('Where things stand in a frame, in bytes from its beginning, for libpcap\'s ether[OFFSET:BYTES]:\n')
  for (const { name, offset, bytes, order, about } of FRAME_FIELDS) out.line(`  ${name.padEnd(13)}${`${offset}`.padStart(3)}${`${bytes}`.padStart(3)}  ${order.padEnd(8)}${about}`)
  out.line('\nlibpcap reads numbers as big endian: little ones are turned round, type 307 = 0x0133 is 0x3301.\n')
  const width = Math.max(...Object.keys(events).map(name => name.length)) + 2
  for (const [about, filter] of EXAMPLES) out.line(`  ${about.padEnd(width)}${frameExpression(filter)}`)
  out.line('\nEvents, of all versions and both directions. Other system calls have an expression too: sysring up --filters getcpu\n')
  for (const [name, expression] of Object.entries(events)) out.line(`  ${name.padEnd(width)}${expression}`)
  out.line('\nSome at once, for $(…): tcpdump -i sysdig "$(sysring up --filters open openat dir=exit tid=1234 cpu=0)"')
  return out.flush()
}

/** "openat", "tid=1234", "cpu=0", "dir=enter" */
function frameFilter(words: readonly string[]): FrameFilter {
  const filter: FrameFilter & { names: string[] } = { names: [] }
  for (const word of words) {
    const [, key, value] = /^(tid|cpu|dir)=(.*)$/.exec(word) ?? []
    if (key === undefined) filter.names.push(word)
    else if (key === 'tid') filter.tid = integer('tid', value, 0, 0xffff_ffff)
    else if (key === 'cpu') filter.cpu = integer('cpu', value, 0, 0xffff)
    else if (value === 'enter' || value === 'exit') filter.dir = value
    else throw new UsageError(`dir is enter or exit, not '${value}'`, 'sysring up --filters openat dir=exit')
  }
  return filter
}
