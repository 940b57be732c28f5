/** The text of a page of metrics. Sources: OpenMetrics 1.0, and Prometheus' text format 0.0.4, which is older. */

export type Syntax = 'openmetrics' | 'prometheus'

/** Metrics of one name. */
export interface Family {
  /** Without the `_total` of counters. Ends with its unit, where it has one. */
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly unit?: 'bytes' | 'seconds' | 'ratio'
  /** Labels as labelsText() gives them, and the value. */
  samples(): Iterable<readonly [labels: string, value: number]>
}

export const CONTENT_TYPES: Readonly<Record<Syntax, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
}

export function pageText(families: Iterable<Family>, syntax: Syntax): string {
  const lines: string[] = []
  for (const { name, help, type, unit, samples } of families) {
    const sampled = type === 'counter' ? `${name}_total` : name
    // In the older format a counter's name has its ending everywhere.
    const named = syntax === 'openmetrics' ? name : sampled
    lines.push(`# HELP ${named} ${escapeHelp(help, syntax)}`, `# TYPE ${named} ${type}`)
    if (syntax === 'openmetrics' && unit !== undefined) lines.push(`# UNIT ${named} ${unit}`)
    for (const [labels, value] of samples()) lines.push(`${sampled}${labels} ${valueText(value)}`)
  }
  if (syntax === 'openmetrics') lines.push('# EOF')
  return `${lines.join('\n')}\n`
}

/** `{proc_name="sh",proc_pid="12"}`; nothing where all values are empty, for that is the same as no label. */
export function labelsText(names: readonly string[], values: readonly string[]): string {
  const labels = names.flatMap((name, i) => (values[i] === '' ? [] : `${name}="${escapeValue(values[i])}"`))
  return labels.length === 0 ? '' : `{${labels.join(',')}}`
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\0': '\ufffd' }

/** Also without NUL, at which Prometheus' parser takes the page to end. */
function escapeValue(text: string): string {
  return text.replace(/[\\"\n\0]/g, char => ESCAPES[char])
}

/** Quotes are escaped in OpenMetrics only. */
function escapeHelp(text: string, syntax: Syntax): string {
  return text.replace(syntax === 'openmetrics' ? /[\\"\n\0]/g : /[\\\n\0]/g, char => ESCAPES[char])
}

function valueText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

/** What a program that asks with this Accept header gets: OpenMetrics only if it says so. Source: RFC 9110, 12.5.1. */
export function negotiate(accept = ''): Syntax {
  let openmetrics = 0
  let text = 0
  for (const range of accept.split(',')) {
    const [type, ...parameters] = range.split(';').map(part => part.trim().toLowerCase())
    const q = parameters.find(parameter => parameter.startsWith('q='))?.slice(2) ?? '1'
    const quality = Number(q) >= 0 ? Number(q) : 0
    const version = parameters.find(parameter => parameter.startsWith('version='))?.slice(8).replaceAll('"', '') ?? '1.0.0'
    if (type === 'application/openmetrics-text' && version === '1.0.0') openmetrics = Math.max(openmetrics, quality)
    else if (type === 'text/plain') text = Math.max(text, quality)
  }
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'prometheus'
}
