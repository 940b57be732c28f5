import { writeTimeOfDay } from './clock.js'
import type { Event } from './event.js'
import type { Names } from './paramtext.js'
import { PACKET } from './record.js'
import { EVENT_COUNT, eventName } from './table.js'
import { textOf, writeArgs } from './text.js'
import type { TextBuffer } from './textbuffer.js'

const BLANK = 0x20

/**
 * One line in sysdig's default format without the process's name:
 * %evt.num %evt.outputtime %evt.cpu (%thread.tid) %evt.dir %evt.type %evt.info
 */
export function lineText(ev: Event, names?: Names): string {
  return textOf((out) => writeLine(out, ev, names))
}

/** Adds `lineText(ev)` to `out`, without a newline: for whoever writes many lines. */
export function writeLine(out: TextBuffer, ev: Event, names?: Names): void {
  out.reserve(0)
  out.decimal(ev.num)
  out.byte(BLANK)
  writeTimeOfDay(out, ev)
  out.byte(BLANK)
  out.decimal(ev.cpu)
  out.text(' (')
  out.decimal(ev.tid)
  out.text(directionAndType(ev))
  if (ev.packet === undefined) writeArgs(out, ev, names)
  else out.text(infoText(ev))
}

const known: (string | undefined)[] = new Array(EVENT_COUNT).fill(undefined)

/** ") < close " is the same for all events of a type, unless they are generic. */
function directionAndType(ev: Event): string {
  const type = ev.type
  if (type > 1 && type < EVENT_COUNT) return (known[type] ??= `) ${directionText(ev)} ${eventName(ev)} `)
  return `) ${directionText(ev)} ${eventName(ev)} `
}

/** ">" for enter events, "<" for exit events, "-" for packets. */
export function directionText(ev: Event): '>' | '<' | '-' {
  const type = ev.type
  return type === PACKET ? '-' : (type & 1) === 0 ? '>' : '<'
}

/** The parameters as %evt.info; of a packet its link type and lengths, and the process that it belongs to, if that is known. */
export function infoText(ev: Event, names?: Names): string {
  const packet = ev.packet
  if (packet === undefined) return textOf((out) => writeArgs(out, ev, names))
  const process = processText(ev)
  return `linktype=${packet.linktype} len=${ev.len} caplen=${packet.bytes.length} ${process === undefined ? '' : `${process} `}`
}

/**
 * The process of a packet: "pid=1234 comm=curl container=web fd=5 dir=out", and who it is for, if that is on this machine too:
 * "peer.pid=99 peer.comm=nginx". Undefined where it is not known.
 */
export function processText({ process, peer }: Event): string | undefined {
  if (process === undefined) return undefined
  const { pid, comm, container, fd, direction } = process
  const own = `pid=${pid} comm=${comm}${of('container', container)}${fd < 0 ? '' : ` fd=${fd}`} dir=${direction}`
  return peer === undefined ? own : `${own} peer.pid=${peer.pid} peer.comm=${peer.comm}${of('peer.container', peer.container)}`
}

function of(name: string, value: string | undefined): string {
  return value === undefined ? '' : ` ${name}=${value}`
}
