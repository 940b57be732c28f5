import { top } from '../top.js'

export default top({
  name: 'topscalls_time',
  about: 'System calls by time spent in them',
  category: 'Performance',
  value: 'evt.latency', title: 'Time', unit: 'ns',
  by: [['evt.type', 'Syscall']],
  byContainer: [['evt.type', 'Syscall'], ['container.name', 'container.name']],
  top: 30,
})
