// Adds one file to a block store on disk, as Helia does, and prints its CID. Usage: node add.mjs STORE FILE
import { createReadStream } from 'node:fs'
import { unixfs } from '@helia/unixfs'
import { FsBlockstore } from 'blockstore-fs'

const [store, file] = process.argv.slice(2)
const blockstore = new FsBlockstore(store)
await blockstore.open()
const fs = unixfs({ blockstore })
const cid = await fs.addByteStream(createReadStream(file, { highWaterMark: 1 << 20 }), { profile: 'unixfs-v1-2025' })
await blockstore.close()
console.log(cid.toString())
