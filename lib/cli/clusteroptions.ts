import type { BalanceOptions } from '../balance/options.js'
import type { Queues } from '../balance/policy.js'
import { readGroups, readUsers } from '../state/users.js'
import { integer } from './args.js'
import { UsageError } from './report.js'

/** The options of a cluster's memory, for the commands that make one. */
export const CLUSTER_OPTIONS = {
  cluster: { group: 'Cluster', short: 'c', value: 'ID', help: 'its name: consumers open cluster:ID@QUEUE (default: one that no other has)' },
  owner: { value: 'USER', help: 'whose it is, by name or number' },
  group: { value: 'GROUP', help: 'whose members may consume, by name or number' },
  mode: { value: 'OCTAL', help: 'who may consume, as of a file (default: 0600, with --group 0660)' },
  path: { value: 'FILE', help: 'put the memory into this file, for virtual machines' },
  'queue-mib': { value: 'MIB', help: 'size of each queue, a power of two (default: 4)' },
  'max-wait': { value: 'MS', help: 'a record is in its queue that soon (default: 10)' },
} as const

export interface ClusterValues {
  cluster?: string
  owner?: string
  group?: string
  mode?: string
  path?: string
  'queue-mib'?: string
  'max-wait'?: string
}

type ClusterPart = Pick<BalanceOptions, 'id' | 'owner' | 'group' | 'mode' | 'path' | 'queueBytes' | 'maxWaitMs'>

export function clusterOptions(values: ClusterValues): ClusterPart {
  const { cluster, owner, group, mode, path } = values
  const mib = integer('--queue-mib', values['queue-mib'], 1, 1024)
  const maxWaitMs = integer('--max-wait', values['max-wait'], 2, 1000)
  return {
    ...(cluster !== undefined && { id: cluster }),
    ...(owner !== undefined && { owner: idOf('user', owner, () => readUsers().find(({ name }) => name === owner)?.uid) }),
    ...(group !== undefined && { group: idOf('group', group, () => readGroups().find(({ name }) => name === group)?.gid) }),
    ...(mode !== undefined && { mode: modeOf(mode) }),
    ...(path !== undefined && { path }),
    ...(mib !== undefined && { queueBytes: mib << 20 }),
    ...(maxWaitMs !== undefined && { maxWaitMs }),
  }
}

function idOf(kind: string, text: string, find: () => number | undefined): number {
  const id = /^\d{1,9}$/.test(text) ? Number(text) : find()
  if (id === undefined) throw new UsageError(`there is no ${kind} ${text}`, `a ${kind} of this machine, or its number`)
  return id
}

function modeOf(text: string): number {
  if (/^0?[0-7]{3}$/.test(text)) return parseInt(text, 8)
  throw new UsageError(`--mode takes three octal digits, not '${text}'`, '--mode 0660: the owner and the group may consume')
}

/** "2"; "2,1" for two applications; "counters=2,recorder=1" for the same with names. */
export function queuesOf(text: string | undefined): Queues | undefined {
  if (text === undefined) return undefined
  const parts = text.split(',').map((part, index, all) => {
    const [, name = all.length === 1 ? undefined : `app${index}`, count] = /^(?:([\w.-]+)=)?(\d{1,3})$/.exec(part.trim()) ?? []
    if (count === undefined) throw new UsageError(`-n takes numbers of queues, not '${text}'`, '-n 2, of several applications -n 2,1 or -n counters=2,recorder=1')
    return [name, Number(count)] as const
  })
  if (parts[0][0] === undefined) return parts[0][1]
  const names = parts.map(([name]) => name!)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new UsageError(`-n has two applications called ${twice}`, 'give each a name of its own')
  return Object.fromEntries(parts) as Queues
}

/** What was given for single queues, as QUEUE:VALUE, by queue; without a queue it is for all. */
export function perQueue(flag: string, given: readonly string[] | undefined): { all: string | undefined; queues: (string | undefined)[] } {
  const queues: (string | undefined)[] = []
  let all: string | undefined
  for (const text of given ?? []) {
    const [, queue, value] = /^(?:(\d{1,3}):)?(.+)$/s.exec(text) ?? []
    if (value === undefined) throw new UsageError(`${flag} takes QUEUE:VALUE, not '${text}'`, `${flag} 0:…`)
    if (queue === undefined) all = value
    else queues[Number(queue)] = value
  }
  return { all, queues }
}
