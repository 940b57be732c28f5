const BARS = ' ▁▂▃▄▅▆▇█'

/** Numbers as bars, the last `width` of them; the highest bar is the largest. */
export function spark(values: readonly number[], width: number): string {
  const last = values.slice(-width)
  const most = Math.max(0, ...last)
  return last.map(value => BARS[most > 0 && value > 0 ? Math.max(1, Math.round((value / most) * (BARS.length - 1))) : 0]).join('').padStart(width)
}
