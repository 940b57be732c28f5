import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { ROOT } from './run.js'

/** A real trace of 16375 events on two CPUs, gzipped as it is and as bytes. */
export const TRACE = join(ROOT, 'examples/trace.scap.gz')
export const TRACE_EVENTS = 16375
/** Those that are printed: 80 are sysdig's own, about its work. */
export const TRACE_SHOWN = TRACE_EVENTS - 80
export const traceBytes = (): Buffer => gunzipSync(readFileSync(TRACE))
