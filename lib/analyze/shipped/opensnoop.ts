import { lines } from '../lines.js'

export default lines({
  name: 'opensnoop',
  about: 'Files that are opened, and what came of it',
  category: 'I/O',
  filter: 'evt.type in (open, openat, openat2, creat) and evt.dir = <',
  fields: ['proc.name', 'proc.pid', 'evt.rawres', 'evt.res', 'evt.rawarg.name'],
  columns: [
    { name: 'proc.name', title: 'Process' }, { name: 'proc.pid', title: 'PID' }, { name: 'fd', title: 'FD' }, { name: 'error', title: 'Error' },
    { name: 'path', title: 'Path' },
  ],
  row(ev, [name, pid, rawres, res, path]) {
    const fd = Number(rawres(ev))
    return [name(ev), pid(ev), Math.max(fd, -1), fd < 0 ? res(ev) : '', String(path(ev) ?? '')]
  },
})
