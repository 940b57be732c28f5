import { top } from '../top.js'

export default top({
  name: 'topprocs_time',
  about: 'Processes by time spent in system calls',
  category: 'Performance',
  value: 'evt.latency', title: 'Time', unit: 'ns',
  by: [['proc.name', 'Process'], ['proc.pid', 'PID']],
  byContainer: [['proc.name', 'Process'], ['proc.pid', 'Host_pid'], ['thread.vtid', 'Container_pid'], ['container.name', 'container.name']],
  top: 10,
})
