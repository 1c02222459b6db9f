// A Helia node on the loopback interface that does what it is told: a command a line as JSON on standard input, an answer
// a line on standard output. The first line says who it is. It asks nobody but those it is connected with.
// Run from web/ with --eval, so that packages resolve there.

import { createInterface } from 'node:readline'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

Promise.withResolvers ??= function () {
  let resolve, reject
  const promise = new this((res, rej) => { resolve = res; reject = rej })
  return { promise, resolve, reject }
}

const { withBitswap } = await import('@helia/bitswap')
const { withLibp2pLight } = await import('@helia/libp2p')
const { unixfs } = await import('@helia/unixfs')
const dagCbor = await import('@ipld/dag-cbor')
const { identify } = await import('@libp2p/identify')
const { noise } = await import('@libp2p/noise')
const { tcp } = await import('@libp2p/tcp')
const { yamux } = await import('@libp2p/yamux')
const { multiaddr } = await import('@multiformats/multiaddr')
const { createHeliaLight } = await import('helia')
const { CID } = await import('multiformats/cid')

const helia = withBitswap(withLibp2pLight(createHeliaLight({ codecs: [dagCbor] }), {
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify() }
}))
await helia.start()
const fs = unixfs(helia)

const commands = {
  async dial ({ address }) {
    await helia.libp2p.dial(multiaddr(address))
  },
  async add ({ path }) {
    const cid = await fs.addBytes(readFileSync(path), { profile: 'unixfs-v1-2025' })
    return { cid: cid.toString() }
  },
  async cat ({ cid, timeoutMs }) {
    const hash = createHash('sha256')
    const start = performance.now()
    for await (const piece of fs.cat(CID.parse(cid), { signal: AbortSignal.timeout(timeoutMs) })) {
      hash.update(piece)
    }
    return { sha256: hash.digest('hex'), seconds: (performance.now() - start) / 1000 }
  },
  async list ({ cid, path, timeoutMs }) {
    const names = []
    for await (const { name } of fs.ls(CID.parse(cid), { path, signal: AbortSignal.timeout(timeoutMs) })) {
      names.push(name)
    }
    return { names }
  },
  async read ({ cid, path, timeoutMs }) {
    const pieces = []
    for await (const piece of fs.cat(CID.parse(cid), { path, signal: AbortSignal.timeout(timeoutMs) })) {
      pieces.push(piece)
    }
    return { text: Buffer.concat(pieces).toString() }
  },
  async pin ({ cid, timeoutMs }) {
    const signal = AbortSignal.timeout(timeoutMs)
    const pinned = []
    for await (const each of helia.pins.add(CID.parse(cid), { signal })) {
      pinned.push(each.toString())
    }
    for (const each of pinned) {
      if (!await helia.blockstore.has(CID.parse(each), { signal })) {
        throw new Error(`${each} is pinned and not here`)
      }
    }
    return { pinned }
  }
}

const say = value => process.stdout.write(JSON.stringify(value) + '\n')
say({ addresses: helia.libp2p.getMultiaddrs().map(String) })
for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...options } = JSON.parse(line)
  try {
    say(await commands[command](options) ?? {})
  } catch (error) {
    say({ error: String(error.stack ?? error) })
  }
}
await helia.stop()
process.exit(0)
