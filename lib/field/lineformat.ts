import type { Event } from '../event/event.js'
import { textOf } from '../event/text.js'
import { compileFormat, type FormatOptions } from './formatter.js'

/**
 * What makes lines of events, by a format in sysdig's language: `*%evt.num %proc.name %evt.type %evt.info`. It gives
 * undefined for events that have no line, because a field has no value and the format does not begin with *. Captures that
 * are to have names need `state: true`.
 *
 * @throws CaptureError ERR_CAPTURE_FILTER, with the position
 * @example const line = lineFormat('%proc.name opened %fd.name')
 */
export function lineFormat(format: string, options?: FormatOptions): (ev: Event) => string | undefined {
  const write = compileFormat(format, options)
  return ev => {
    let isLine = false
    const text = textOf(out => {
      isLine = write(out, ev)
    })
    return isLine ? text : undefined
  }
}
