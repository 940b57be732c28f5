import { lines } from '../lines.js'

export default lines({
  name: 'execsnoop',
  about: 'Programs that are started, and by whom',
  category: 'Security',
  filter: 'evt.type in (execve, execveat) and evt.dir = <',
  fields: ['proc.name', 'proc.pid', 'proc.ppid', 'evt.rawres', 'proc.exeline'],
  columns: [
    { name: 'proc.name', title: 'Process' }, { name: 'proc.pid', title: 'PID' }, { name: 'proc.ppid', title: 'PPID' },
    { name: 'res', title: 'Ret' }, { name: 'proc.exeline', title: 'Args' },
  ],
  row: (ev, [name, pid, ppid, res, line]) => [name(ev), pid(ev), ppid(ev), Number(res(ev)), line(ev)],
})
