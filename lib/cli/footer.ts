import type { Lost } from '../iface/burst.js'
import type { Stats } from '../iface/capture.js'

/** What a capture came to, as the lines that stand under it. */
export function footerLines(stats: Stats, seconds: number, perCpu: boolean): string[] {
  const lines = [`${stats.delivered} events in ${seconds.toFixed(3)} s (${rate(stats.delivered, seconds)})`, lossText(stats.dropped, stats.seen)]
  if (stats.filtered > 0) lines.push(`${stats.filtered} filtered`)
  if (stats.late > 0) lines.push(`${stats.late} came too late to be put in order`)
  if (perCpu) for (const { cpu, delivered, dropped } of stats.perCpu) lines.push(`cpu ${cpu}: ${delivered} events, ${dropped} dropped`)
  return lines
}

/** The same for programs. */
export function footerJson(stats: Stats, seconds: number): string {
  return JSON.stringify({ seconds: Number(seconds.toFixed(3)), ...stats })
}

/** "12 dropped (0.1 %): ring 12" */
export function lossText({ total, ...causes }: Lost, seen: number): string {
  const named = Object.entries(causes).filter(([, count]) => count > 0).map(([cause, count]) => `${cause} ${count}`)
  return `${total} dropped${total === 0 ? '' : ` (${percent(total, seen)} %)`}${named.length === 0 ? '' : `: ${named.join(', ')}`}`
}

export function percent(part: number, whole: number): string {
  return (whole === 0 ? 0 : (part / whole) * 100).toFixed(1)
}

export function rate(events: number, seconds: number): string {
  return `${seconds > 0 ? Math.round(events / seconds) : 0}/s`
}
