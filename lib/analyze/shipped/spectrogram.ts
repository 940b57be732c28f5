import { type ArgumentValues, defineAnalyzer } from '../analyzer.js'
import { DECADES, heatAxis, heatLine, heatRow, heatSvg } from '../heat.js'

/** Calls by column. */
export interface State {
  calls: number[]
}

const columnsOf = ({ width }: ArgumentValues) => Math.floor(Number(width))
/** Where a column begins, in ns. */
const edge = (column: number, width: number) => 10 ** ((column * DECADES) / width)

/** How long system calls take, interval by interval: from left to right the time, in colour how many calls took that long. */
export default defineAnalyzer({
  name: 'spectrogram',
  about: 'How many system calls took how long, interval by interval; in colour on a terminal',
  category: 'CPU Usage',
  filter: 'evt.dir = <',
  fields: ['evt.latency'],
  args: [
    { name: 'refresh_time', about: 'length of an interval in milliseconds', type: 'number', min: 1, default: 500 },
    { name: 'width', about: 'into how many columns the times from 1 ns to 100 s are divided; on a terminal, as many as it has', type: 'number', min: DECADES, max: 1000, default: 110 },
  ],
  everyMs: ({ refresh_time }) => Number(refresh_time),
  columns: [
    { name: 'column', title: 'Column' }, { name: 'from', title: 'From', unit: 'ns' }, { name: 'to', title: 'To', unit: 'ns' },
    { name: 'calls', title: 'Calls', unit: 'count' },
  ],
  drawing: {
    line: (report, args) => heatLine(report, columnsOf(args)),
    foot: args => heatAxis(columnsOf(args)),
    row: (report, args, index) => heatRow(report, columnsOf(args), index),
    svg: (rows, args) => heatSvg(rows, columnsOf(args)),
  },
  start: ({ args }): State => ({ calls: new Array<number>(columnsOf(args)).fill(0) }),
  event({ calls }, ev, [latency]) {
    const ns = Number(latency(ev) ?? 0)
    if (ns > 0) calls[Math.min(calls.length - 1, Math.floor((Math.log10(ns) * calls.length) / DECADES))]++
  },
  merge: (into, from) => from.calls.forEach((count, column) => { into.calls[column] += count }),
  report: ({ calls }) => ({
    rows: calls.flatMap((count, column) => (count === 0 ? [] : [[column, Math.round(edge(column, calls.length)), Math.round(edge(column + 1, calls.length)), count]])),
  }),
})
