const maxLayers = 3;

/**
 * Decodes a body by its `content-encoding`. Null when the encoding is unknown, the bytes do not match it, or the result
 * exceeds `maxBytes`.
 */
export async function decoded(body: Buffer, encoding: string, maxBytes: number): Promise<Buffer | null> {
  const layers = encoding
    .toLowerCase()
    .split(",")
    .map((layer) => layer.trim())
    .filter((layer) => layer !== "" && layer !== "identity");
  if (layers.length > maxLayers) return null;
  let plain: Buffer | null = body;
  // Encodings are undone in reverse order.
  for (const layer of layers.reverse()) plain = plain && (await withoutLayer(plain, layer, maxBytes));
  return plain;
}

async function withoutLayer(body: Buffer, layer: string, maxOutputLength: number): Promise<Buffer | null> {
  // Loaded for the first compressed response, so that a function's start does not pay for it.
  const zlib = await import("node:zlib");
  return new Promise((resolve) => {
    const options = { maxOutputLength };
    const report = (error: Error | null, plain: Buffer): void => resolve(error ? null : plain);
    switch (layer) {
      case "gzip":
      case "x-gzip":
        return zlib.gunzip(body, options, report);
      case "deflate":
        // Some servers send raw deflate without the zlib wrapper that `deflate` stands for.
        return isFramed(body) ? zlib.inflate(body, options, report) : zlib.inflateRaw(body, options, report);
      case "br":
        return zlib.brotliDecompress(body, options, report);
      case "zstd":
        return zlib.zstdDecompress(body, options, report);
      default:
        return resolve(null);
    }
  });
}

/** Whether a deflated body begins with a zlib header (RFC 1950). */
const isFramed = (body: Buffer): boolean => ((body[0] ?? 0) & 0x0f) === 8;
