import { top } from '../top.js'

export default top({
  name: 'topscalls',
  about: 'System calls by how often they are called',
  category: 'Performance',
  filter: 'evt.type != switch',
  value: 'evt.count', title: '# Calls', unit: 'count',
  by: [['evt.type', 'Syscall']],
  byContainer: [['evt.type', 'Syscall'], ['container.name', 'container.name']],
  top: 30,
})
