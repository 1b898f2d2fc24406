// Archives in the format ustar (POSIX.1-1988), as builds and loads take them.

/** Two blocks of zeros at the end. */
const END = new Uint8Array(1024);
const encoder = new TextEncoder();

function entry(name: string, content: string): Uint8Array {
  const data = encoder.encode(content);
  const block = new Uint8Array(512 + Math.ceil(data.length / 512) * 512);
  const put = (text: string, at: number) => block.set(encoder.encode(text), at);
  put(name, 0);
  put("0000644\0" + "0000000\0" + "0000000\0", 100);
  put(data.length.toString(8).padStart(11, "0") + "\0" + "00000000000\0", 124);
  put(" ".repeat(8) + "0", 148);
  put("ustar\x0000", 257);
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  put(sum.toString(8).padStart(6, "0") + "\0 ", 148);
  block.set(data, 512);
  return block;
}

function archive(files: Readonly<Record<string, string>>): Uint8Array {
  const parts = [...Object.entries(files).map(([name, content]) => entry(name, content)), END];
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A context that holds a Dockerfile only. */
export const dockerfile = (text: string) => archive({ Dockerfile: text });

/** An image without layers for `images/load` (image-spec v1.2), under these names. */
export function imageArchive(tags: readonly string[]): Uint8Array {
  const config = {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: [] },
  };
  return archive({
    "config.json": JSON.stringify(config),
    "manifest.json": JSON.stringify([{ Config: "config.json", RepoTags: tags, Layers: [] }]),
  });
}
