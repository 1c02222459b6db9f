// The files of a folder, however it was given to the page.

// From a drop: an array of {path, file}, and the folder's name.
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const only = entries.length === 1 && entries[0].isDirectory ? entries[0] : null;
  const files = [];
  for (const entry of only ? await children(only) : entries) await collect(entry, "", files);
  return { name: only ? only.name : "", files };
}

// From a file input with `webkitdirectory`: paths begin with the folder's own name.
export function chosen(input) {
  const files = [...input.files].map((file) => {
    const [, ...rest] = file.webkitRelativePath.split("/");
    return { path: rest.join("/") || file.name, file };
  });
  return { name: input.files[0]?.webkitRelativePath.split("/")[0] ?? "", files };
}

async function collect(entry, above, files) {
  const path = above + entry.name;
  if (entry.isFile) {
    files.push({ path, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
  } else {
    for (const child of await children(entry)) await collect(child, `${path}/`, files);
  }
}

// A reader gives a folder's entries a hundred at a time, and then none.
async function children(directory) {
  const reader = directory.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    found.push(...some);
  }
}
