// Shows where this page comes from, and checks it: its block's name must be the hash of its bytes.

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const RAW = [1, 0x55, 0x12, 0x20];

function base32(bytes) {
  let bits = 0;
  let held = 0;
  let text = "";
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      text += ALPHABET[(held >>> (bits - 5)) & 31];
      bits -= 5;
    }
    held &= (1 << bits) - 1;
  }
  return bits ? text + ALPHABET[(held << (5 - bits)) & 31] : text;
}

async function check() {
  const answer = await fetch("/", { cache: "no-store" });
  const told = answer.headers.get("etag").replaceAll('"', "");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await answer.arrayBuffer()));
  const made = `b${base32([...RAW, ...digest])}`;
  document.getElementById("cid").textContent = told;
  const checked = document.getElementById("checked");
  checked.textContent = made === told ? "The bytes hash to that name" : "The bytes do not hash to that name";
  checked.classList.toggle("good", made === told);
}

function copying(command) {
  const code = command.querySelector("code");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${code.textContent}`);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  command.append(button);
}

// On this machine the address tells the id; for others the app has a port.
const named = /^([a-z2-7]{32})\.localhost$/.exec(location.hostname);
const id = named ? named[1] : await fetch("/.leither/id").then((answer) => answer.text());
document.getElementById("id").textContent = id;
for (const place of document.querySelectorAll(".own-id")) place.textContent = id;
document.querySelectorAll(".command").forEach(copying);
check();
