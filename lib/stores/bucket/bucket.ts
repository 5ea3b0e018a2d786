/** What a listing says of an object. */
export interface Listed {
  readonly key: string;
  readonly modifiedMs: number;
}

/** Which part of a listing is wanted. */
export interface ListOptions {
  /** Only keys after this one. */
  readonly after?: string;
  /** At most so many, 1 to 1,000; 1,000 where left out. */
  readonly max?: number;
}

/** The objects below one prefix of a bucket; keys are without it. Every method throws StoreError. */
export interface Bucket {
  /** For messages: the bucket and its host. */
  readonly name: string;
  /**
   * Writes an object where there is none; false where there is one. That may be the work of this very call: an attempt
   * whose answer was lost can have had its effect before the next one was refused.
   */
  create(key: string, text: string): Promise<boolean>;
  /** Writes an object, whether or not there is one. Never for a key that is created: the two are of different kinds in OBS. */
  put(key: string, text: string): Promise<void>;
  /** Null where there is none. */
  get(key: string): Promise<string | null>;
  /** One page, in the order of the keys' bytes. It may be behind the writes. */
  list(prefix: string, options?: ListOptions): Promise<readonly Listed[]>;
  remove(key: string): Promise<void>;
  close(): Promise<void>;
}

const pageSize = 1_000;

/** All that a listing has, page by page, for as long as more of it is asked for. */
export async function* listed(bucket: Bucket, prefix: string, after?: string): AsyncGenerator<Listed> {
  let page: readonly Listed[];
  do {
    page = await bucket.list(prefix, { max: pageSize, ...(after !== undefined && { after }) });
    yield* page;
    after = page.at(-1)?.key;
  } while (page.length === pageSize);
}

/** All keys that a listing has. */
export async function keysIn(bucket: Bucket, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of listed(bucket, prefix)) keys.push(key);
  return keys;
}
