import { top } from '../top.js'

export default top({
  name: 'topprocs_file',
  about: 'Processes by bytes read from and written to files',
  category: 'I/O',
  filter: 'fd.type = file and evt.is_io = true',
  value: 'evt.rawarg.res', title: 'Bytes', unit: 'bytes',
  by: [['proc.name', 'Process'], ['proc.pid', 'PID']],
  byContainer: [['proc.name', 'Process'], ['proc.pid', 'Host_pid'], ['thread.vtid', 'Container_pid'], ['container.name', 'container.name']],
  top: 10,
})
