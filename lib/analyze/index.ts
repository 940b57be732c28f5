/** sysring/analyze: questions about events, answered on one thread or on many. */
export { run, type RunOptions } from './run.js'
export { shipped, SHIPPED_NAMES } from './shipped.js'
export { defineAnalyzer, type Analyzer, type Argument, type ArgumentValues, type Findings, type Getters, type Span, type StartOptions } from './analyzer.js'
export { top, type TopOptions } from './top.js'
export type { Cell, Colour, Column, Paint, Report, Row, Unit } from './report.js'
