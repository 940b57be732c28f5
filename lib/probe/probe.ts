import type { ProbeHandle } from '../native.js'
import type { SieveOptions } from '../ring/sieve.js'

/** Who fills the rings of a live capture. */
export interface ProbeInfo {
  /** The name that opens it: "sysdig:bpf", "sysdig:kmod". */
  readonly device: string
  /** Of the kernel module: name and versions, "scap 0.1.1dev (API 1.0.0, schema 1.0.0)". */
  readonly driver?: string
}

/** A probe that is ready to start. */
export interface Probe {
  readonly info: ProbeInfo
  readonly handle: ProbeHandle
  /** What has to be left out when its records are read; undefined: the probe does all of that itself. */
  readonly sieve?: SieveOptions
  /** Records flow from here on. */
  start(): void
}
