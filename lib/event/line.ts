import { timeOfDay } from './clock.js'
import type { Event } from './event.js'
import type { Names } from './paramtext.js'
import { PACKET } from './record.js'
import { eventName } from './table.js'
import { argsText } from './text.js'

/**
 * One line in sysdig's default format without the process's name:
 * %evt.num %evt.outputtime %evt.cpu (%thread.tid) %evt.dir %evt.type %evt.info
 */
export function lineText(ev: Event, names?: Names): string {
  const head = `${ev.num} ${timeOfDay(ev)} ${ev.cpu} (${ev.tid}) ${directionText(ev)} ${eventName(ev)} `
  return head + infoText(ev, names)
}

/** ">" for enter events, "<" for exit events, "-" for packets. */
export function directionText(ev: Event): '>' | '<' | '-' {
  const type = ev.type
  return type === PACKET ? '-' : (type & 1) === 0 ? '>' : '<'
}

/** The parameters; of a packet its link type and lengths. */
export function infoText(ev: Event, names?: Names): string {
  const packet = ev.packet
  return packet === undefined ? argsText(ev, names) : `linktype=${packet.linktype} len=${ev.len} caplen=${packet.bytes.length} `
}
