const maxLayers = 3;

/**
 * A body without its `content-encoding`, at most `maxBytes` long. Null where that is not known, the bytes do not keep
 * to it, or more comes out.
 */
export async function decoded(body: Buffer, encoding: string, maxBytes: number): Promise<Buffer | null> {
  const layers = encoding
    .toLowerCase()
    .split(",")
    .map((layer) => layer.trim())
    .filter((layer) => layer !== "" && layer !== "identity");
  if (layers.length > maxLayers) return null;
  let plain: Buffer | null = body;
  // What was put on last comes off first.
  for (const layer of layers.reverse()) plain = plain && (await withoutLayer(plain, layer, maxBytes));
  return plain;
}

async function withoutLayer(body: Buffer, layer: string, maxOutputLength: number): Promise<Buffer | null> {
  // Loaded for the first such answer: a function starts without it.
  const zlib = await import("node:zlib");
  return new Promise((resolve) => {
    const options = { maxOutputLength };
    const tell = (error: Error | null, plain: Buffer): void => resolve(error ? null : plain);
    switch (layer) {
      case "gzip":
      case "x-gzip":
        return zlib.gunzip(body, options, tell);
      case "deflate":
        // Some leave out the frame that the name stands for.
        return isFramed(body) ? zlib.inflate(body, options, tell) : zlib.inflateRaw(body, options, tell);
      case "br":
        return zlib.brotliDecompress(body, options, tell);
      case "zstd":
        return zlib.zstdDecompress(body, options, tell);
      default:
        return resolve(null);
    }
  });
}

/** Whether a deflated body begins as RFC 1950 has it. */
const isFramed = (body: Buffer): boolean => ((body[0] ?? 0) & 0x0f) === 8;
