import { listing } from '../listing.js'

export default listing({
  name: 'netstat',
  about: 'Sockets of IPv4 and IPv6, at the beginning of the capture',
  entries: 'fds',
  filter: 'fd.type = ipv4 or fd.type = ipv6',
  fields: ['fd.l4proto', 'fd.name', 'proc.pid', 'proc.name'],
  columns: [
    { name: 'fd.l4proto', title: 'Proto' }, { name: 'server', title: 'Server Address' }, { name: 'client', title: 'Client Address' },
    { name: 'state', title: 'State' }, { name: 'thread.tid', title: 'TID' }, { name: 'proc.pid', title: 'PID' }, { name: 'proc.name', title: 'Program Name' },
  ],
  row(entry, [proto, name, pid, program]) {
    // 10.0.0.1:4000->10.0.0.2:80, from the client to the server; of a socket that waits for clients, its own address.
    const ends = String(name(entry)).split('->')
    const [client, state] = ends.length === 2 ? [ends[0], 'ESTABLISHED'] : ['0.0.0.0:*', 'LISTEN']
    return [proto(entry), ends.at(-1), client, state, entry.tid, pid(entry), program(entry)]
  },
})
