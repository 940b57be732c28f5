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

/** The parameters as %evt.info; of a packet its link type and lengths. */
export function infoText(ev: Event, names?: Names): string {
  const packet = ev.packet
  if (packet === undefined) return textOf((out) => writeArgs(out, ev, names))
  return `linktype=${packet.linktype} len=${ev.len} caplen=${packet.bytes.length} `
}
