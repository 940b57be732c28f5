import { listing } from '../listing.js'

export default listing({
  name: 'lscontainers',
  about: 'Containers, at the beginning of the capture',
  entries: 'containers',
  fields: ['container.type', 'container.image', 'container.name', 'container.id'],
  columns: [
    { name: 'container.type', title: 'container.type' }, { name: 'container.image', title: 'container.image' },
    { name: 'container.name', title: 'container.name' }, { name: 'container.id', title: 'container.id' },
  ],
  row: (entry, fields) => fields.map(value => value(entry) ?? ''),
})
