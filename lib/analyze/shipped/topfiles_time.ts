import { top } from '../top.js'

export default top({
  name: 'topfiles_time',
  about: 'Files by time spent in reading and writing',
  category: 'I/O',
  filter: 'fd.type = file and evt.is_io = true',
  value: 'evt.latency', title: 'Time', unit: 'ns',
  by: [['fd.name', 'Filename']],
  byContainer: [['fd.name', 'Filename'], ['container.name', 'container.name']],
  top: 10,
})
