import { type Event, FLAG_STATE_ONLY } from '../event/event.js'
import { directionText } from '../event/line.js'
import { eventName } from '../event/table.js'

const LINE = '-'.repeat(22)
const WIDTH = 16
/** As many as sysdig shows. */
const SHOWN = 100

interface Row {
  label: string
  code: number
  calls: number
}

/** How often each event occurred, as sysdig's table of them. System calls without an event of their own go by their names. */
export class Summary {
  /** By event code; of generic events by code and name. */
  readonly #rows = new Map<number | string, Row>()

  add(ev: Event): void {
    if ((ev.flags & FLAG_STATE_ONLY) !== 0) return
    const { type } = ev
    const key = type > 1 ? type : `${type} ${eventName(ev)}`
    const row = this.#rows.get(key)
    if (row !== undefined) row.calls++
    else this.#rows.set(key, { label: `${directionText(ev)} ${eventName(ev)}`, code: type, calls: 1 })
  }

  lines(): string[] {
    const rows = [...this.#rows.values()].sort((a, b) => b.calls - a.calls || a.code - b.code || (a.label < b.label ? -1 : 1))
    return [
      LINE, `${'Event'.padEnd(WIDTH)}#Calls`, LINE,
      ...rows.slice(0, SHOWN).map(({ label, calls }) => label.padEnd(WIDTH + 2).slice(0, WIDTH + 2) + calls),
    ]
  }
}
