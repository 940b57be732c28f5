import type { EventInfo } from '../../lib/event/table.js'

/** Where a field of our dissector has not the values that Wireshark's own gives it for the same event, and why. */
export interface Difference {
  readonly cause: string
  /** `shown`: how many parameters Wireshark's own dissector shows of the event. */
  readonly holds: (of: { field: string; info: EventInfo; native: readonly string[]; ours: readonly string[]; shown: number }) => boolean
}

/** The last event of Wireshark 4.0's table, and the one before it that it does not know. */
const LAST_KNOWN = 327
const UNKNOWN = 322

const isLength = (field: string) => field === 'sysdig.param.len' || field === 'sysdig.param.lens'

export const DIFFERENCES: readonly Difference[] = [
  {
    cause: "Wireshark's table is older: it lacks the parameter, which later drivers appended, or the event",
    holds: ({ field, info, native, ours, shown }) => native.length === 0 && ours.length === 1
      && info.params.slice(shown).some(({ name }) => field.endsWith(`.${name}`)),
  },
  {
    cause: 'of an event that it does not know Wireshark shows no lengths',
    holds: ({ field, info, native }) => info.code > LAST_KNOWN && native.length === 0 && isLength(field),
  },
  {
    cause: 'of a record without parameters, where it knows the event, Wireshark does not show their number, which is 0',
    holds: ({ field, native, ours }) => field === 'sysdig.nparams' && native.length === 0 && ours.join() === '0',
  },
  {
    cause: 'Wireshark does not look into records with lengths of 32 bits (pluginevent)',
    holds: ({ info, native }) => info.code === UNKNOWN && native.length === 0,
  },
  {
    cause: 'Wireshark takes lengths of 32 bits for two of 16 bits (container)',
    holds: ({ field, info }) => info.flags.includes('LARGE_PAYLOAD') && isLength(field),
  },
  {
    cause: "execve's pgid was renamed to vpgid, when pgid became another parameter",
    holds: ({ field, info, native, ours }) => field === 'sysdig.param.setpgid.pgid' && info.name === 'execve' && native.length === 1 && ours.length === 1,
  },
]
