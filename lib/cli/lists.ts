import { EVENT_COUNT, type EventInfo, eventInfo } from '../event/table.js'
import type { Field } from '../field/field.js'
import { fields } from '../field/registry.js'
import type { Output } from './output.js'

export interface ListOptions {
  verbose: boolean
  json: boolean
}

/** What the fields of a class are about, by the first part of their names. */
const CLASSES: Readonly<Record<string, string>> = {
  evt: 'the event itself: when, where, what, with which arguments and result',
  proc: 'the process that the event comes from',
  thread: 'the thread that the event comes from',
  user: 'the user that the process runs as',
  group: 'the group that the process runs as',
  container: 'the container that the process runs in',
  fd: 'the file descriptor that the event is about: a file, a socket, a pipe',
  fs: 'the paths that the call was given',
  syslog: 'messages to the system log',
  fdlist: 'the file descriptors of a poll',
  syscall: 'the system call',
}

const LINE = '-'.repeat(31)
const NAME = 30
const WIDTH = 120

/** Prints the fields that filters and formats can use, class by class. */
export async function printFields(out: Output, { verbose, json }: ListOptions): Promise<void> {
  if (json) {
    for (const { bind: _, name, ...rest } of fields()) out.line(JSON.stringify({ name, class: classOf(name), ...rest }))
    return out.flush()
  }
  const classes = new Map<string, Field[]>()
  for (const field of fields()) classes.set(classOf(field.name), [...(classes.get(classOf(field.name)) ?? []), field])
  for (const [name, members] of classes) {
    out.line(`${LINE}\n${'Field Class:'.padEnd(NAME)}${name}\n${'Description:'.padEnd(NAME)}${CLASSES[name] ?? name}\n`)
    for (const field of members) out.line(entry(field, verbose))
    out.line('')
  }
  return out.flush()
}

function classOf(name: string): string {
  return name.slice(0, name.indexOf('.'))
}

function entry(field: Field, verbose: boolean): string {
  const { name, arg, type, list, doc } = field
  const shown = name + (arg === undefined ? '' : arg === 'required' ? '[ARG]' : '[[ARG]]')
  const lines = wrapped(`(${type}${list === true ? ' list' : ''}) ${doc}${verbose ? details(field) : ''}`)
  const first = shown.length < NAME ? [] : [shown]
  return [...first, ...lines.map((line, i) => (i === 0 && first.length === 0 ? shown : '').padEnd(NAME) + line)].join('\n')
}

function details({ format, filterOnly, since, needs }: Field): string {
  const told = [
    format !== undefined && `printed as ${format}`,
    filterOnly === true && 'in filters only',
    needs !== undefined && needs.length > 0 && `needs state: ${needs.join(', ')}`,
    since !== undefined && (since === 'sysring' ? 'not in libs' : `since libs ${since}`),
  ].filter(text => text !== false)
  return told.length === 0 ? '' : ` [${told.join('; ')}]`
}

function wrapped(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && NAME + line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

/** Prints the events that there are, with their parameters. Versions that no driver of today makes are in `verbose` only. */
export async function printEvents(out: Output, { verbose, json }: ListOptions): Promise<void> {
  for (let code = 0; code < EVENT_COUNT; code++) {
    const info = eventInfo(code)!
    const { name, dir, category, flags, params } = info
    if (flags.includes('UNUSED') || category === 'INTERNAL' || (flags.includes('OLD_VERSION') && !verbose)) continue
    out.line(json ? JSON.stringify({ code, name, dir, const: info.const, category, flags, params }) : eventLine(info, verbose))
  }
  return out.flush()
}

function eventLine({ name, dir, params, const: constant, category, flags }: EventInfo, verbose: boolean): string {
  const line = `${dir === 'enter' ? '>' : '<'} ${name}(${params.map(({ type, name }) => `${type === 'DYN' ? 'DYNAMIC' : type} ${name}`).join(', ')})`
  return verbose ? `${line} [${[constant, category, ...flags].join(' ')}]` : line
}
