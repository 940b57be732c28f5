import { type Report, run, type RunOptions, shipped } from '../../lib/analyze/index.js'
import { open } from '../../lib/index.js'

/** Runs an analyzer on the machine as it is; resolves when everything is captured. The function ends it and gives its reports. */
export async function watching(name: string, options: Partial<RunOptions> = {}, live: object = {}): Promise<() => Promise<Report[]>> {
  const stop = new AbortController()
  let onBegin: (() => void) | undefined
  const beginning = new Promise<void>(resolve => { onBegin = resolve })
  const reports: Report[] = []
  const analyzer = await shipped(name)
  const running = (async () => {
    for await (const report of run(analyzer, { on: wanted => open('sysdig', { ...wanted, ...live }), onBegin, signal: stop.signal, ...options })) reports.push(report)
  })()
  await Promise.race([beginning, running])
  return async () => {
    stop.abort()
    await running
    return reports
  }
}
