import { listing } from '../listing.js'

export default listing({
  name: 'lsof',
  about: 'Open file descriptors of all threads, at the beginning of the capture',
  entries: 'fds',
  fields: ['proc.name', 'proc.pid', 'user.name', 'fd.num', 'fd.type', 'fd.name'],
  columns: [
    { name: 'proc.name', title: 'COMMAND' }, { name: 'proc.pid', title: 'PID' }, { name: 'thread.tid', title: 'TID' },
    { name: 'user.name', title: 'USER' }, { name: 'fd.num', title: 'FD' }, { name: 'fd.type', title: 'TYPE' }, { name: 'fd.name', title: 'NAME' },
  ],
  row(entry, [process, pid, user, fd, type, name]) {
    const number = fd(entry)
    return number === undefined ? undefined : [process(entry), pid(entry), entry.tid, user(entry) ?? '<NA>', number, type(entry), name(entry) ?? '']
  },
})
