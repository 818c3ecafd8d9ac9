import Table from 'cli-table3'

const COLUMNS = { name: 'what', value: 'value', against: 'against', ratio: 'ratio', aim: 'aim', met: '' }
const BARE = Object.fromEntries(
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle'
    .split(' ')
    .map((part) => [part, part === 'middle' ? '  ' : '']),
)

export function printTable(rows) {
  const table = new Table({
    chars: BARE,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  table.push(Object.values(COLUMNS), ...rows.map((row) => Object.keys(COLUMNS).map((column) => row[column])))
  console.log(table.toString())
}
