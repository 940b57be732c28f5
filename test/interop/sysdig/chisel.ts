/** What sysdig's chisels print of a file, and what analyzers say of it. */
import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process'
import type { Analyzer } from '../../../lib/analyze/analyzer.js'
import { type Row, run, type RunOptions } from '../../../lib/analyze/index.js'
import { openFile } from '../../../lib/index.js'

const OPTIONS: ExecFileSyncOptionsWithStringEncoding = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 }

/** The chisel's rows, key first and value last, as it has them before it makes text of them. */
export function chisel(name: string, file: string, containers: boolean): string[] {
  const text = execFileSync('sysdig', ['-j', '-r', file, '-c', name, ...(containers ? ['-pc'] : [])], OPTIONS)
  // Lua makes an empty table an object.
  const { data } = JSON.parse(text) as { data: unknown[][] | object }
  return Array.isArray(data) ? data.map(row => row.join('\t')) : []
}

/** The chisel's lines, without colours and what is blank at their ends. `options` are sysdig's, `args` the chisel's. */
export function chiselLines(name: string, file: string, { options = [], args = [] }: { options?: readonly string[]; args?: readonly string[] } = {}): string[] {
  const text = execFileSync('sysdig', ['-r', file, ...options, '-c', name, ...args], OPTIONS)
  return text.replace(/\x1b\[[\d;]*m/g, '').split('\n').map(line => line.trimEnd()).filter(line => line !== '')
}

export async function rowsOf(analyzer: Analyzer<any, any>, file: string, options: Partial<RunOptions> = {}): Promise<Row[]> {
  const rows: Row[] = []
  for await (const report of run(analyzer, { on: options => openFile(file, options), ...options })) rows.push(...report.rows)
  return rows
}
