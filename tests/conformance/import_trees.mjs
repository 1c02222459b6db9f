// Reads { options, trees } as JSON from standard input and prints the root CID of each tree as the independent importer
// gives it. A tree is a list of { path, pattern, size }, the pattern (hex) repeated to the size; without size, a directory.
// Run from web/ with --eval, so that packages resolve there.

import { MemoryBlockstore } from 'blockstore-core'
import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'

const PIECE = 1 << 20

function * content ({ pattern, size }) {
  const unit = Buffer.from(pattern, 'hex')
  const block = Buffer.alloc(Math.min(size, PIECE - PIECE % unit.length), unit)
  for (let left = size; left > 0; left -= block.length) {
    yield left < block.length ? block.subarray(0, left) : block
  }
}

async function root (entries, options) {
  const source = entries.map(entry => entry.size === undefined
    ? { path: `root/${entry.path}` }
    : { path: `root/${entry.path}`, content: content(entry) })
  let last
  for await (const entry of importer(source, new MemoryBlockstore(), { ...options })) {
    last = entry
  }
  return { cid: last.cid.toString(), dagBytes: Number(last.size) }
}

let text = ''
for await (const piece of process.stdin) text += piece
const { options: given, trees } = JSON.parse(text)
const options = { profile: 'unixfs-v1-2025' }
if (given.chunkBytes) options.chunker = fixedSize({ chunkSize: given.chunkBytes })
if (given.fileLinks) options.layout = balanced({ maxChildrenPerNode: given.fileLinks })
if (given.directoryBytes) options.shardSplitThresholdBytes = given.directoryBytes
const roots = []
for (const tree of trees) roots.push(await root(tree, options))
console.log(JSON.stringify(roots))
