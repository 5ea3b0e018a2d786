/** An object in a listing. */
export interface ListedObject {
  readonly key: string;
  readonly modifiedMs: number;
}

/** Bounds of a listing. */
export interface ObjectListOptions {
  /** Only keys after this one. @default from the first */
  readonly after?: string;
  /** Maximum keys, 1 to 1,000. @default 1,000 */
  readonly max?: number;
}

/** Objects below one prefix of a bucket; keys exclude the prefix. Every method throws StoreError. */
export interface Bucket {
  /** Bucket and host, for messages. */
  readonly name: string;
  /**
   * Creates an object; false when it exists. It may have been created by this very call, when the response of an
   * earlier attempt was lost.
   */
  create(key: string, text: string): Promise<boolean>;
  /** Writes or replaces an object. Never for keys of `create`: OBS treats appended and put objects differently. */
  put(key: string, text: string): Promise<void>;
  /** Null when the object does not exist. */
  get(key: string): Promise<string | null>;
  /** Lists one page, ordered by the keys' bytes. It may lag behind writes. */
  list(prefix: string, options?: ObjectListOptions): Promise<readonly ListedObject[]>;
  remove(key: string): Promise<void>;
  close(): Promise<void>;
}

const pageSize = 1_000;

/** Lists all objects, loading pages on demand. */
export async function* listed(bucket: Bucket, prefix: string, after?: string): AsyncGenerator<ListedObject> {
  let page: readonly ListedObject[];
  do {
    page = await bucket.list(prefix, { max: pageSize, ...(after !== undefined && { after }) });
    yield* page;
    after = page.at(-1)?.key;
  } while (page.length === pageSize);
}

/** Lists all keys. */
export async function keysIn(bucket: Bucket, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of listed(bucket, prefix)) keys.push(key);
  return keys;
}
