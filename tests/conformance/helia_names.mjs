// A Helia node with a DHT on the loopback interface that does what it is told: a command a line as JSON on standard
// input, an answer a line on standard output. The first line says who it is. It knows nobody but those it was told of.
// Run from web/ with --eval, so that packages resolve there.

import { createInterface } from 'node:readline'

Promise.withResolvers ??= function () {
  let resolve, reject
  const promise = new this((res, rej) => { resolve = res; reject = rej })
  return { promise, resolve, reject }
}

const { withBitswap } = await import('@helia/bitswap')
const { ipnsResolver } = await import('@helia/ipns')
const { withLibp2pLight } = await import('@helia/libp2p')
const { unixfs } = await import('@helia/unixfs')
const { identify } = await import('@libp2p/identify')
const { kadDHT, passthroughMapper } = await import('@libp2p/kad-dht')
const { noise } = await import('@libp2p/noise')
const { ping } = await import('@libp2p/ping')
const { tcp } = await import('@libp2p/tcp')
const { yamux } = await import('@libp2p/yamux')
const { multiaddr } = await import('@multiformats/multiaddr')
const { createHeliaLight } = await import('helia')
const { base36 } = await import('multiformats/bases/base36')
const { CID } = await import('multiformats/cid')
const { ipnsSelector } = await import('ipns/selector')
const { ipnsValidator } = await import('ipns/validator')

const helia = withBitswap(withLibp2pLight(createHeliaLight(), {
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: {
    identify: identify(),
    ping: ping(),
    dht: kadDHT({
      protocol: '/ipfs/kad/1.0.0',
      clientMode: true,
      peerInfoMapper: passthroughMapper,
      validators: { ipns: ipnsValidator },
      selectors: { ipns: ipnsSelector }
    })
  }
}))
await helia.start()
const fs = unixfs(helia)
const names = ipnsResolver(helia)

const commands = {
  async dial ({ address }) {
    await helia.libp2p.dial(multiaddr(address))
  },
  async name ({ name, timeoutMs }) {
    const signal = AbortSignal.timeout(timeoutMs)
    for await (const { value } of names.resolve(CID.parse(name, base36), { signal, nocache: true })) {
      return { value }
    }
  },
  async provide ({ cid, timeoutMs }) {
    await helia.libp2p.contentRouting.provide(CID.parse(cid), { signal: AbortSignal.timeout(timeoutMs) })
  },
  async read ({ cid, path, timeoutMs }) {
    const pieces = []
    for await (const piece of fs.cat(CID.parse(cid), { path, signal: AbortSignal.timeout(timeoutMs) })) {
      pieces.push(piece)
    }
    return { text: Buffer.concat(pieces).toString() }
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
