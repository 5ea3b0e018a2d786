import type { CallOptions } from "../core/clock.ts";
import { SourceError } from "../core/errors.ts";
import type { Engine } from "../core/names.ts";
import { fieldsOf } from "../text/json.ts";
import type { Api } from "./api.ts";
import { parseInstant } from "./parse.ts";

/** An instance of a project. */
export interface Instance {
  readonly id: string;
  /** The instance's name; null when unknown. */
  readonly name: string | null;
  /** When it was created, epoch milliseconds; null when unknown. */
  readonly createdAtMs: number | null;
}

/** A listing of instances. */
export interface InstanceList {
  readonly instances: readonly Instance[];
  /** False when the API counts more instances than it listed: one missing from the list may still exist. */
  readonly isWhole: boolean;
}

const limit = 50;
const maxPages = 1_000;
const pastTheEnd = "DMS.40050010";

/** Lists all instances of one engine in a project, by ListInstances. @throws SourceError */
export async function listInstances(
  api: Api,
  { engine, projectId }: { readonly engine: Engine; readonly projectId: string },
  options: CallOptions,
): Promise<InstanceList> {
  const found = new Map<string, Instance>();
  let offset = 0;
  let total: number | null = null;
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await instancePage(offset);
    if (page === null) break;
    const foundBefore = found.size;
    for (const instance of page.instances) found.set(instance.id, instance);
    offset += page.received;
    total = page.total;
    if (found.size === foundBefore || offset >= (total ?? Number.POSITIVE_INFINITY)) break;
  }
  return { instances: [...found.values()], isWhole: found.size >= (total ?? offset) };

  /** Null past the end, for which this call returns an error. */
  async function instancePage(offset: number): Promise<InstancePage | null> {
    const query: (readonly [string, string])[] = [
      ["offset", String(offset)],
      ["limit", String(limit)],
    ];
    // DCS has only one engine and no such parameter.
    if (engine !== "dcs") query.push(["engine", engine]);
    try {
      const call = { operation: "ListInstances", projectId, resource: ["instances"], query };
      const response = await api(call, options);
      const page = parseInstances(response.body);
      if (page === null) throw response.malformed("no list of instances");
      return page;
    } catch (error) {
      if (error instanceof SourceError && error.api?.status === 400) {
        if (offset > 0 || error.api.code === pastTheEnd) return null;
      }
      throw error;
    }
  }
}

interface InstancePage {
  readonly instances: readonly Instance[];
  readonly received: number;
  readonly total: number | null;
}

function parseInstances(body: unknown): InstancePage | null {
  const { instances, instance_num } = fieldsOf(body);
  const total = countOf(instance_num);
  // An empty list of some versions.
  const records: unknown = instances === null && total === 0 ? [] : instances;
  if (!Array.isArray(records)) return null;
  const named = records.flatMap((record) => {
    const { instance_id: id, name, created_at } = fieldsOf(record);
    return isName(id)
      ? [{ id, name: isName(name) ? name : null, createdAtMs: parseInstant(created_at) }]
      : [];
  });
  return { instances: named, received: records.length, total };
}

function countOf(value: unknown): number | null {
  const count = typeof value === "string" && value !== "" ? Number(value) : value;
  return Number.isSafeInteger(count) ? Number(count) : null;
}

const isName = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= 256;
