import { cpu } from '../cpu.js'

export default cpu({
  name: 'topprocs_cpu',
  about: 'Processes by CPU time',
  by: [['proc.name', 'Process'], ['proc.pid', 'PID']],
  byContainer: [['proc.name', 'Process'], ['proc.pid', 'Host_pid'], ['proc.vpid', 'Container_pid'], ['container.name', 'container.name']],
})
