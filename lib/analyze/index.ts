/** sysring/analyze: questions about events, answered on one thread or on many, for people and for programs. */
export type { RunOptions } from './job.js'
export { run } from './run.js'
export { shipped, SHIPPED_NAMES } from './shipped.js'
export { defineAnalyzer, type Analyzer, type Argument, type ArgumentValues, type Findings, type Getters, type Span, type StartOptions } from './analyzer.js'
export { top, type TopOptions } from './top.js'
export type { Cell, Colour, Column, Paint, Report, Row, Unit } from './report.js'
export { Metrics, type MetricsOptions } from '../metrics/metrics.js'
export { MetricsServer, serveMetrics, type ServeOptions } from '../metrics/server.js'
