import { plainArgs } from './args.js'
import { epochNanoseconds } from './clock.js'
import type { Event } from './event.js'
import { directionText, infoText } from './line.js'
import type { Names } from './paramtext.js'
import { eventName } from './table.js'

/**
 * One JSON object per event, with the keys of `sysdig -j` and the decoded parameters as "evt.args".
 *
 * "evt.outputtime" is a number of nanoseconds with all its digits, as sysdig writes it; a reader that makes it a double
 * loses the last two or three. In "evt.args" big integers are numbers where that is exact and else decimal strings,
 * buffers are base64 (as in sysdig's JSON), and parameters that could not be read are left out.
 */
export function jsonText(ev: Event, names?: Names): string {
  const packet = ev.packet
  const args = packet === undefined ? plainArgs(ev.args) : { linktype: packet.linktype, len: ev.len, caplen: packet.bytes.length }
  return `{"evt.args":${JSON.stringify(args)},"evt.cpu":${ev.cpu},"evt.dir":"${directionText(ev)}",` +
    `"evt.info":${JSON.stringify(infoText(ev, names))},"evt.num":${ev.num},"evt.outputtime":${epochNanoseconds(ev)},` +
    `"evt.type":${JSON.stringify(eventName(ev))},"thread.tid":${ev.tid}}`
}
