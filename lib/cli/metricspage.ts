import { once } from 'node:events'
import type { Analyzer } from '../analyze/analyzer.js'
import type { Metrics } from '../metrics/metrics.js'
import type { MetricsServer, ServeOptions } from '../metrics/server.js'
import { UsageError } from './report.js'

/** Where a page is to be: ':9100', '0.0.0.0:9100', '[::1]:9100'. Without a host, and without 0.0.0.0, nobody else's machine can ask. */
export function listenPlace(text: string): ServeOptions {
  const [, ipv6, host, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits ?? NaN)
  if (!(port <= 65535)) throw new UsageError(`--metrics takes [HOST]:PORT, not '${text}'`, '--metrics :9100, or for other machines --metrics 0.0.0.0:9100')
  return { port, ...(ipv6 || host) && { host: ipv6 || host } }
}

const MAX_SERIES = 10_000

/** The page of a run. */
export class MetricsPage implements AsyncDisposable {
  readonly metrics: Metrics
  readonly maxSeries: number
  readonly #server: MetricsServer

  private constructor(metrics: Metrics, maxSeries: number, server: MetricsServer) {
    this.metrics = metrics
    this.maxSeries = maxSeries
    this.#server = server
  }

  static async open(analyzer: Analyzer<any, any>, place: ServeOptions, maxSeries = MAX_SERIES): Promise<MetricsPage> {
    const [{ Metrics }, { serveMetrics }] = await Promise.all([import('../metrics/metrics.js'), import('../metrics/server.js')])
    const metrics = new Metrics(analyzer, { maxSeries })
    const server = await serveMetrics(metrics, place)
    console.error(`sysring: metrics at ${server.url}`)
    return new MetricsPage(metrics, maxSeries, server)
  }

  /** Of a file that was read to its end: whoever collects the numbers comes later. */
  async stay(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    console.error('sysring: all is read; the page stays until Ctrl-C')
    // A listener alone keeps no process alive; the server does.
    await once(signal, 'abort')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]()
  }
}
