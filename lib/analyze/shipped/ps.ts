import { listing } from '../listing.js'

export default listing({
  name: 'ps',
  about: 'Threads, at the beginning of the capture; with a filter, those of which it lets an fd through',
  entries: 'fds',
  fields: ['proc.pid', 'user.name', 'proc.vmsize', 'proc.vmrss', 'proc.fdlimit', 'proc.name'],
  columns: [
    { name: 'thread.tid', title: 'TID' }, { name: 'proc.pid', title: 'PID' }, { name: 'user.name', title: 'USER' },
    { name: 'vmsize', title: 'VIRT', unit: 'bytes' }, { name: 'vmrss', title: 'RES', unit: 'bytes' },
    { name: 'proc.fdlimit', title: 'FDLIMIT' }, { name: 'proc.name', title: 'CMD' },
  ],
  key: ({ tid }) => tid,
  row(entry, [pid, user, vmsize, vmrss, fdlimit, name]) {
    return [entry.tid, pid(entry), user(entry) ?? '<NA>', Number(vmsize(entry)) * 1024, Number(vmrss(entry)) * 1024, fdlimit(entry), name(entry)]
  },
})
