import { top } from '../top.js'

export default top({
  name: 'topprocs_net',
  about: 'Processes by bytes sent and received over IPv4 and IPv6',
  category: 'Net',
  filter: '(fd.type = ipv4 or fd.type = ipv6) and evt.is_io = true',
  value: 'evt.rawarg.res', title: 'Bytes', unit: 'bytes',
  by: [['proc.name', 'Process'], ['proc.pid', 'PID']],
  byContainer: [['proc.name', 'Process'], ['proc.pid', 'Host_pid'], ['thread.vtid', 'Container_pid'], ['container.name', 'container.name']],
  top: 100,
})
