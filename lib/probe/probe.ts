import type { CaptureError } from '../errors.js'
import type { ProbeHandle } from '../native.js'
import type { SieveOptions } from '../ring/sieve.js'

/** Who fills the rings of a live capture. */
export interface ProbeInfo {
  /** The name that opens it: "sysdig:bpf", "sysdig:kmod". */
  readonly device: string
  /** Of the kernel module: name and versions, "scap 0.1.1dev (API 1.0.0, schema 1.0.0)". */
  readonly driver?: string
  /** Of the eBPF probe: why it is not the kernel module, although that is loaded. */
  readonly insteadOfModule?: CaptureError
}

/**
 * What a producer's n_evts is worth. `exact`: every hit, and each is a record or counted as dropped. `all`: every hit, but
 * some become nothing. `without_nested`: as `all`, but those that came while another record was written on that CPU are
 * only in the counter of their own. `also_when_off`: as `all`, but it goes on when nothing is recorded any more.
 */
export type HitCount = 'exact' | 'all' | 'without_nested' | 'also_when_off'

/** A probe that is ready to start. */
export interface Probe {
  readonly info: ProbeInfo
  readonly handle: ProbeHandle
  readonly hits: HitCount
  /** Bytes that a record is long at least. */
  readonly header: number
  /** What has to be left out when its records are read; undefined: the probe does all of that itself. */
  readonly sieve?: SieveOptions
  /** Records flow from here on. */
  start(): void
}
