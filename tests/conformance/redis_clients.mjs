// Works with a database through a client from npm: node redis_clients.mjs CLIENT URL. Prints "done", or fails.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../web/package.json", import.meta.url));

const clients = {
  async ioredis(url) {
    const { Redis } = require("ioredis");
    const redis = new Redis(url, { maxRetriesPerRequest: 1 });
    assert.equal(await redis.set("js", "one", "EX", 100), "OK");
    assert.equal(await redis.get("js"), "one");
    assert.equal(await redis.get("missing"), null);
    await redis.hset("js-hash", { a: "1", b: "2" });
    assert.deepEqual(await redis.hgetall("js-hash"), { a: "1", b: "2" });
    assert.deepEqual(await redis.multi().incr("js-count").incr("js-count").exec(), [[null, 1], [null, 2]]);
    assert.deepEqual(await redis.pipeline().set("js-p", "1").get("js-p").exec(), [[null, "OK"], [null, "1"]]);
    const heard = redis.duplicate();
    await heard.subscribe("js-news");
    const message = new Promise((resolve) => heard.on("message", (channel, text) => resolve([channel, text])));
    await redis.publish("js-news", "hello");
    assert.deepEqual(await message, ["js-news", "hello"]);
    heard.disconnect();
    redis.disconnect();
  },
  async redis(url) {
    const { createClient } = require("redis");
    const redis = await createClient({ url, socket: { reconnectStrategy: false } }).connect();
    assert.equal(await redis.set("node", "one", { EX: 100 }), "OK");
    assert.equal(await redis.get("node"), "one");
    assert.equal(await redis.get("missing"), null);
    await redis.hSet("node-hash", { a: "1", b: "2" });
    assert.deepEqual({ ...(await redis.hGetAll("node-hash")) }, { a: "1", b: "2" });
    assert.deepEqual(await redis.multi().incr("node-count").incr("node-count").exec(), [1, 2]);
    const heard = await redis.duplicate().connect();
    const message = new Promise((resolve) => heard.subscribe("node-news", (text) => resolve(text)));
    while ((await redis.publish("node-news", "hello")) === 0);
    assert.equal(await message, "hello");
    heard.destroy();
    redis.destroy();
  },
};

await clients[process.argv[2]](process.argv[3]);
console.log("done");
