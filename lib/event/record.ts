/**
 * The record: one event as the sysdig driver writes it, and as every stage of this library passes it on.
 *
 *     u64 ts | u64 tid | u32 len | u16 type | u32 nparams | u16 length[nparams] | parameters, back to back, unaligned
 *
 * Little endian, no padding; `len` counts everything from `ts` on. Source: struct ppm_evt_hdr in the driver's
 * ppm_events_public.h. Drivers before 0.23 (2018) had no `nparams` (22-byte header); three event types with the
 * EF_LARGE_PAYLOAD flag have u32 lengths.
 */
export const TS = 0
export const TID = 8
export const LEN = 16
export const TYPE = 20
export const NPARAMS = 22

/** Bytes of the header since driver 0.23. */
export const HEADER = 26
/** Bytes of the header before driver 0.23: the same without `nparams`. */
export const HEADER_V1 = 22

/** The driver's limit for a record without EF_LARGE_PAYLOAD (PPM_MAX_EVENT_SIZE), in bytes. */
export const MAX_RECORD = 65536

/** Event types with u32 parameter lengths: pluginevent, container_json_2, asyncevent (EF_LARGE_PAYLOAD). */
export function hasLargeLengths(type: number): boolean {
  return type === 322 || type === 324 || type === 402
}

/** The `type` of a record that is a network packet and no event. */
export const PACKET = 0xffff

/** Even types are enter events (`>`), odd ones exit events (`<`). */
export type Direction = 'enter' | 'exit'
