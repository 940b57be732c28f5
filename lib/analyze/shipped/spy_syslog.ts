import { lines } from '../lines.js'

/** From LOG_WARNING on, of <syslog.h>. */
const WARNING = 4

export default lines({
  name: 'spy_syslog',
  about: 'What is written to the system’s log',
  category: 'Logs',
  filter: 'fd.name contains /dev/log and evt.is_io_write = true and evt.dir = < and evt.failed = false',
  snaplen: 1000,
  fields: ['syslog.message', 'syslog.facility.str', 'syslog.severity.str', 'syslog.severity', 'proc.name', 'thread.tid'],
  columns: [
    { name: 'syslog.facility.str', title: 'Facility' }, { name: 'syslog.severity.str', title: 'Severity' }, { name: 'syslog.severity', title: 'Level' },
    { name: 'proc.name', title: 'Process' }, { name: 'thread.tid', title: 'TID' }, { name: 'syslog.message', title: 'Message', unit: 'data' },
  ],
  row(ev, [message, facility, severity, level, process, tid]) {
    const text = message(ev)
    return text === undefined ? undefined : [facility(ev), severity(ev), Number(level(ev)), process(ev), tid(ev), text]
  },
  text([, facility, severity, level, process, tid, message], paint, container) {
    const where = container === undefined ? '' : `${container.id.padEnd(20)} ${container.name.padEnd(20)} `
    const colour = Number(level) === WARNING ? 'yellow' : Number(level) < WARNING ? 'red' : 'green'
    return paint(colour, `${where}${facility}.${severity} ${process}[${tid}] ${message}`)
  },
})
