// A folder as one tar stream (POSIX pax), made of pieces that stay on disk until they are sent.

const BLOCK = 512;
const encoder = new TextEncoder();

// files: [{path, file}]. Returns a Blob.
export function tar(files) {
  const parts = [];
  const ordered = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { path, file } of ordered) {
    parts.push(...head(path, file.size, file.lastModified), file, padding(file.size));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return new Blob(parts, { type: "application/x-tar" });
}

function head(path, size, modified) {
  const name = encoder.encode(path);
  const records = [];
  if (name.length > 100 || name.some((byte) => byte > 127)) records.push(record("path", path));
  if (size >= 8 ** 11) records.push(record("size", String(size)));
  const seconds = Math.max(0, Math.floor(modified / 1000));
  const header = block(name.slice(0, 100), size >= 8 ** 11 ? 0 : size, seconds, "0");
  if (!records.length) return [header];
  const extended = encoder.encode(records.join(""));
  return [block(encoder.encode("pax"), extended.length, seconds, "x"), extended, padding(extended.length), header];
}

// "length key=value\n", where the length counts itself.
function record(key, value) {
  const rest = encoder.encode(` ${key}=${value}\n`).length;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length += 1;
  return `${length} ${key}=${value}\n`;
}

function block(name, size, seconds, type) {
  const bytes = new Uint8Array(BLOCK);
  const text = (offset, value) => bytes.set(encoder.encode(value), offset);
  const octal = (offset, width, value) => text(offset, value.toString(8).padStart(width - 1, "0"));
  bytes.set(name, 0);
  octal(100, 8, 0o644);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, size);
  octal(136, 12, seconds);
  text(148, "        ");
  text(156, type);
  text(257, "ustar");
  text(263, "00");
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  text(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return bytes;
}

function padding(size) {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}
