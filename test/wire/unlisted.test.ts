import { describe, expect, it } from "vitest";
import { openMs, owingMs } from "../../lib/checkpoint/activity.ts";
import type { SourceConfig } from "../../lib/config/schema.ts";
import { streamKey } from "../../lib/core/names.ts";
import type { Discovery, ListedStreams } from "../../lib/source/discovery.ts";
import { unlistedStreams } from "../../lib/wire/unlisted.ts";
import { sourceConfig } from "../source/loopback.ts";

const at = 1_000_000;
const streamOf = (instanceId: string, engine: SourceConfig["engine"] = "rabbitmq") =>
  ({ engine, region: "cn-north-4", projectId: "project", instanceId }) as const;
const key = (instanceId: string, engine?: SourceConfig["engine"]) => streamKey(streamOf(instanceId, engine));

/** A source whose list has found these instances; null where it could not be read. */
function source(config: Partial<SourceConfig>, found: readonly string[] | null, isWhole = true) {
  const discovery = { config: sourceConfig("http://127.0.0.1:1", config) } as Discovery;
  const listed: ListedStreams | null = found && {
    streams: found.map((id) => ({ stream: streamOf(id), name: null, source: discovery.source })),
    atMs: at,
    isWhole,
  };
  return { discovery, listed };
}

const records = new Map([
  [key("listed"), owingMs],
  [key("owing"), owingMs],
  [key("open"), openMs],
  [key("quiet"), 5],
]);
const served = (of: ReturnType<typeof source>, among = records) =>
  unlistedStreams(among, [of]).map(({ stream, from, absentMs }) => [
    stream.instanceId,
    from === of.discovery,
    absentMs,
  ]);

describe("the streams that have a record and are in no list", () => {
  it("are absent, where a whole list of their project lacks them, and quiet ones are nobody's concern", () => {
    expect(served(source({ instances: "all" }, ["listed"]))).toEqual([
      ["owing", true, at],
      ["open", true, at],
    ]);
  });

  it("are read like the listed ones, where the list is not whole", () => {
    expect(served(source({ instances: "all" }, ["listed"], false))).toEqual([
      ["owing", true, undefined],
      ["open", true, undefined],
      ["quiet", true, undefined],
    ]);
  });

  it("are read, every one of them, where their instances cannot be listed", () => {
    expect(served(source({ instances: "all" }, null)).map(([id]) => id)).toEqual([
      "listed",
      "owing",
      "open",
      "quiet",
    ]);
  });

  it("only have their deliveries made where the configuration watches them no more", () => {
    const expected = [["owing", false, undefined]];
    expect(served(source({ instances: ["listed"] }, ["listed"]))).toEqual(expected);
    const others = new Map([...records].filter(([name]) => name !== key("listed")));
    expect(served(source({ instances: "all", projectId: "another" }, []), others)).toEqual(expected);
    expect(served(source({ instances: "all", engine: "kafka" }, null), others)).toEqual(expected);
  });

  it("are not made of a key that is no stream's", () => {
    const broken = new Map([["nonsense" as ReturnType<typeof key>, owingMs]]);
    expect(unlistedStreams(broken, [source({ instances: "all" }, null)])).toEqual([]);
  });
});
