import { endHash, flowHash } from '../flow/hash.js'
import { Endpoint as End } from '../flow/endpoint.js'
import type { Snapshot } from '../state/snapshot.js'
import type { Endpoint } from '../state/sockets.js'

/** What a balancer has to know of what was there before its first record, for ClusterHandle. */
export interface Known {
  /** [tid, pid, …] */
  pids: Uint32Array
  /** [pid, fd, hash of the connection, …] */
  flows: Uint32Array
}

export function known({ threads, fds }: Pick<Snapshot, 'threads' | 'fds'>): Known {
  const flows: number[] = []
  for (const { pid, fds: list } of fds) {
    for (const fd of list) {
      if (fd.type === 'inet' && fd.remote !== undefined) flows.push(pid, fd.fd, flowHash(hashOf(fd.local), hashOf(fd.remote), 0))
    }
  }
  return { pids: Uint32Array.from(threads.flatMap(({ tid, pid }) => [tid, pid])), flows: Uint32Array.from(flows) }
}

function hashOf({ address, port }: Endpoint): number {
  const end = new End()
  if (address.length === 16) end.setIpv6(address, 0)
  else end.setIpv4((address[0] << 24) | (address[1] << 16) | (address[2] << 8) | address[3])
  return endHash(end.w0, end.w1, end.w2, end.w3, port)
}
