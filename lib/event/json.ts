import { paramDecoders, plainValue } from './args.js'
import { writeEpochNanoseconds } from './clock.js'
import type { Event } from './event.js'
import { directionText, infoText } from './line.js'
import type { Packet } from './packet.js'
import type { Names } from './paramtext.js'
import { eventName } from './table.js'
import { textOf, writeArgs } from './text.js'
import type { TextBuffer } from './textbuffer.js'

/**
 * One JSON object per event, with the keys of `sysdig -j` and the decoded parameters as "evt.args".
 *
 * "evt.outputtime" is a number of nanoseconds with all its digits, as sysdig writes it; a reader that makes it a double
 * loses the last two or three. In "evt.args" big integers are numbers where that is exact and else decimal strings,
 * buffers are base64 (as in sysdig's JSON), and parameters that could not be read are left out. What a stage has said of the event is
 * its "evt.note".
 */
export function jsonText(ev: Event, names?: Names): string {
  return textOf((out) => writeJson(out, ev, names))
}

/** Adds `jsonText(ev)` to `out`, without a newline. */
export function writeJson(out: TextBuffer, ev: Event, names?: Names): void {
  out.text('{"evt.args":{')
  if (ev.packet === undefined) writeMembers(out, ev)
  else writePacket(out, ev, ev.packet)
  out.text('},"evt.cpu":')
  out.decimal(ev.cpu)
  out.text(',"evt.dir":"')
  out.text(directionText(ev))
  out.text('","evt.info":')
  writeInfo(out, ev, names)
  const { note } = ev
  if (note !== undefined) out.text(`,"evt.note":${JSON.stringify(note)}`)
  out.text(',"evt.num":')
  out.decimal(ev.num)
  out.text(',"evt.outputtime":')
  writeEpochNanoseconds(out, ev)
  out.text(',"evt.type":"')
  out.text(eventName(ev))
  out.text('","thread.tid":')
  out.decimal(ev.tid)
  out.text('}')
}

function writePacket(out: TextBuffer, { len, process, peer }: Event, { linktype, bytes }: Packet): void {
  out.text(`"linktype":${linktype},"len":${len},"caplen":${bytes.length}`)
  if (process !== undefined) out.text(`,"process":${JSON.stringify(process)}`)
  if (peer !== undefined) out.text(`,"peer":${JSON.stringify(peer)}`)
}

function writeInfo(out: TextBuffer, ev: Event, names: Names | undefined): void {
  out.text('"')
  const start = out.length
  if (ev.packet === undefined) writeArgs(out, ev, names)
  else out.text(infoText(ev))
  if (out.isPlain(start)) return out.text('"')
  const text = out.take(start)
  out.length--
  out.text(JSON.stringify(text))
}

function writeMembers(out: TextBuffer, ev: Event): void {
  const params = paramDecoders(ev.type)
  const count = Math.min(params.length, ev.nparams)
  let separator = '"'
  let at = ev._paramAt(0)
  for (let i = 0; i < count; i++) {
    const { name, decode, empty } = params[i]
    const length = ev._paramLength(i)
    const value = length === 0 ? empty : decode(ev, at, length)
    at += length
    if (value === undefined) continue
    out.text(`${separator}${name}":`)
    if (Number.isSafeInteger(value)) out.decimal(value as number)
    else out.text(JSON.stringify(plainValue(value)))
    separator = ',"'
  }
}
