import type { Event } from '../event/event.js'
import { define } from './define.js'
import type { Field, Value, ValueType } from './field.js'
import { type SyslogMessage, syslogMessage } from './syslogmessage.js'

function field(name: string, type: ValueType, doc: string, of: (message: SyslogMessage) => Value): Field {
  return define(`syslog.${name}`, type, `Of a message to the system’s log ${doc}.`,
    (ev: Event) => {
      const message = syslogMessage(ev)
      return message === undefined ? undefined : of(message)
    }, { needs: ['fd'] })
}

/** What is written to /dev/log. */
export const SYSLOG_FIELDS: readonly Field[] = [
  field('facility.str', 'CHARBUF', 'the facility by name: kern, user, daemon and others', (message) => message.facilityName),
  field('facility', 'UINT32', 'the facility as a number, 0 to 23', (message) => message.facility),
  field('severity.str', 'CHARBUF', 'the severity: emerg, alert, crit, err, warn, notice, info, debug', (message) => message.severityName),
  field('severity', 'UINT32', 'the severity as a number, 0 to 7', (message) => message.severity),
  field('message', 'CHARBUF', 'the text', (message) => message.text),
]
