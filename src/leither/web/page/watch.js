// What happens on the node, as it happens.

import { token } from "/static/api.js";

const SOON_MS = 150;
const RETRY_MS = [1000, 2000, 5000, 15000];

// Call `changed` shortly after anything changes, and after every interruption.
export function watch(changed) {
  let tries = 0;
  let timer = null;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(changed, SOON_MS);
  };
  const connect = () => {
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/watch`);
    socket.onopen = () => {
      socket.send(JSON.stringify(token() ? { token: token() } : {}));
      if (tries) soon();
      tries = 0;
    };
    socket.onmessage = soon;
    socket.onclose = () => {
      setTimeout(connect, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
      tries += 1;
    };
  };
  connect();
}
