import { numberAt } from '../event/decode.js'
import type { Event } from '../event/event.js'
import { indexOfNul, utf8 } from '../event/strings.js'
import { FD } from '../state/fdinfo.js'
import { byType } from './bytype.js'

const SEVERITIES: readonly string[] = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug']

const FACILITIES: readonly string[] = [
  'kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'clock', 'authpriv', 'ftp', 'ntp', 'logaudit', 'logalert',
  'cron', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7',
]

/** What somebody has written to the system's log. */
export class SyslogMessage {
  readonly #priority: number
  readonly text: string

  constructor(priority: number, text: string) {
    this.#priority = priority
    this.text = text
  }

  get severity(): number {
    return this.#priority & 7
  }

  get facility(): number {
    return this.#priority >> 3
  }

  get severityName(): string {
    return SEVERITIES[this.severity]
  }

  get facilityName(): string {
    return FACILITIES[this.facility] ?? '<NA>'
  }
}

/** Exit events of calls whose second parameter is the data that they have written. */
const writesData = byType(({ dir, category, params }) => dir === 'exit' && category === 'IO_WRITE' && params[1]?.name === 'data', false)

const GREATER = 0x3e
/** Digits of a priority at most, as far as they are looked at. */
const MAX_DIGITS = 15

/** The message, if the event is a write to /dev/log that begins with a priority, "<13>"; undefined otherwise. */
export function syslogMessage(ev: Event): SyslogMessage | undefined {
  const fd = ev._fd
  if (fd === undefined || (fd.type !== FD.UNIX && !fd.isFile) || !fd.name.includes('/dev/log')) return undefined
  if (!writesData(ev.type) || ev.nparams < 2 || ev._paramLength(0) < 8 || numberAt(ev, ev._paramAt(0)) < 0) return undefined
  const start = ev._paramAt(1)
  const end = start + ev._paramLength(1)
  const memory = ev._memory
  let at = start + 1
  while (at < end && memory[at] !== GREATER && memory[at] !== 0 && at - start <= MAX_DIGITS) at++
  const digits = utf8(memory, start + 1, at)
  if (at >= end || !/^\d+$/.test(digits)) return undefined
  return new SyslogMessage(Number(digits) | 0, utf8(memory, at + 1, indexOfNul(memory, at + 1, end)))
}
