import { top } from '../top.js'

export default top({
  name: 'topprocs_errors',
  about: 'Processes by calls that failed',
  category: 'Errors',
  filter: 'evt.failed = true',
  value: 'evt.count', title: '#Errors', unit: 'count',
  by: [['proc.name', 'Process'], ['proc.pid', 'PID']],
  byContainer: [['proc.name', 'Process'], ['proc.pid', 'Host_pid'], ['thread.vtid', 'Container_pid'], ['container.name', 'container.name']],
  top: 100,
})
