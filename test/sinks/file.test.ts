import { appendFile, mkdtemp, readFile, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import * as v from "valibot";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../lib/core/clock.ts";
import { sinkName } from "../../lib/core/names.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { fileRefusal } from "../../lib/sinks/disk/refusal.ts";
import { create, schema, writingSink } from "../../lib/sinks/file.ts";
import { manualClock } from "../harness/clock.ts";
import { running, sampleDeps, sampleEvent, sampleEvents } from "./sample.ts";

async function opened(...below: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), "file-sink-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, ...below, "events.ndjson");
  return { folder, path, sink: create(sinkName("audit"), { path }, { ...sampleDeps, clock: systemClock }) };
}

const lines = (count: number): string =>
  sampleEvents(count)
    .map((event) => `${JSON.stringify(event)}\n`)
    .join("");

describe("the file sink", () => {
  it("makes the folders above its file", async () => {
    const { path, sink } = await opened("a", "b");
    expect(await sink.deliver(sampleEvents(2), running())).toEqual([
      { kind: "accepted" },
      { kind: "accepted" },
    ]);
    expect(await readFile(path, "utf8")).toBe(lines(2));
  });

  it("adds to what is there", async () => {
    const { path, sink } = await opened();
    await appendFile(path, "{}\n");
    await sink.deliver(sampleEvents(1), running());
    expect(await readFile(path, "utf8")).toBe(`{}\n${lines(1)}`);
  });

  it("begins a new line after one that a crash has torn", async () => {
    const { path, sink } = await opened();
    await appendFile(path, '{"specversion":"1.');
    await sink.deliver(sampleEvents(2), running());
    expect(await readFile(path, "utf8")).toBe(`{"specversion":"1.\n${lines(2)}`);
  });

  it("keeps batches that come at once whole", async () => {
    const { path, sink } = await opened();
    const batches = Array.from({ length: 20 }, (_, index) => [
      sampleEvent(2 * index),
      sampleEvent(2 * index + 1),
    ]);
    await Promise.all(batches.map((batch) => sink.deliver(batch, running())));
    const expected = batches
      .flat()
      .map((event) => `${JSON.stringify(event)}\n`)
      .join("");
    expect(await readFile(path, "utf8")).toBe(expected);
  });

  it("goes on in a new file when its own is rotated away", async () => {
    const { path, sink } = await opened();
    await sink.deliver([sampleEvent(1)], running());
    await rename(path, `${path}.1`);
    await sink.deliver([sampleEvent(2)], running());
    expect(await readFile(path, "utf8")).toBe(`${JSON.stringify(sampleEvent(2))}\n`);
  });

  it("writes nothing once the run has ended", async () => {
    const { path, sink } = await opened();
    const results = await sink.deliver([sampleEvent()], { signal: AbortSignal.abort() });
    expect(results).toMatchObject([{ kind: "retry", reason: "timeout" }]);
    await expect(readFile(path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("is blocked by a path that leads to no regular file, and says so without the path", async () => {
    const { folder, path, sink } = await opened();
    await symlink("/dev/null", path);
    const results = await sink.deliver([sampleEvent()], running());
    expect(results).toMatchObject([{ kind: "blocked", reason: "not_found" }]);
    expect(JSON.stringify(results)).not.toContain(folder);
  });

  it("is blocked by a folder that cannot be made, such as one below /proc", async () => {
    const sink = create(
      sinkName("audit"),
      { path: "/proc/none/events.ndjson" },
      { ...sampleDeps, clock: systemClock },
    );
    const results = await sink.deliver([sampleEvent()], running());
    expect(results).toMatchObject([{ kind: "blocked", reason: "not_found" }]);
  });

  it("works again after a failure", async () => {
    const { path, sink } = await opened();
    await symlink("/dev/null", path);
    await sink.deliver([sampleEvent()], running());
    await rm(path);
    expect(await sink.deliver([sampleEvent()], running())).toEqual([{ kind: "accepted" }]);
  });

  it.each([
    ["ENOSPC", "retry", "server_error"],
    ["EDQUOT", "retry", "server_error"],
    ["EMFILE", "retry", "server_error"],
    ["EIO", "retry", "server_error"],
    ["EACCES", "blocked", "unauthorized"],
    ["EROFS", "blocked", "unauthorized"],
    ["ENOENT", "blocked", "not_found"],
    ["ENOTDIR", "blocked", "not_found"],
  ])("answers %s with %s", (code, kind, reason) => {
    const error = Object.assign(new Error(`${code}: open '/secret/path'`), { code });
    const refusal = fileRefusal(error);
    expect(refusal).toMatchObject({ kind, reason });
    expect(refusal?.detail).toMatch(new RegExp(`^the file cannot be written: [a-z -]+ \\(${code}\\)$`));
  });

  it("takes an error that no disk causes for a defect", () => {
    expect(fileRefusal(new TypeError("a defect"))).toBeNull();
    expect(fileRefusal(Object.assign(new Error(), { code: "ERR_INVALID_ARG_TYPE" }))).toBeNull();
  });

  it("needs a path", () => {
    expect(v.safeParse(schema, {}).success).toBe(false);
    expect(v.safeParse(schema, { path: "" }).success).toBe(false);
  });
});

describe("a file system that hangs", () => {
  it("costs each batch ten seconds, and is not written to by those that gave up", async () => {
    const clock = manualClock(0);
    const first = Promise.withResolvers<DeliveryResult>();
    const written: string[] = [];
    const write = (text: string): Promise<DeliveryResult> => {
      written.push(text);
      return written.length === 1 ? first.promise : Promise.resolve({ kind: "accepted" });
    };
    const sink = writingSink(sinkName("audit"), write, clock);
    const deliveries = [1, 2].map((number) => sink.deliver([sampleEvent(number)], running()));
    await turn();
    await clock.advance(10_000);
    expect(await Promise.all(deliveries)).toMatchObject([
      [{ kind: "retry", reason: "timeout" }],
      [{ kind: "retry", reason: "timeout" }],
    ]);
    first.resolve({ kind: "accepted" });
    await sink.close();
    expect(await sink.deliver([sampleEvent(3)], running())).toEqual([{ kind: "accepted" }]);
    expect(written.map((line) => JSON.parse(line).subject)).toEqual(
      [1, 3].map((n) => sampleEvent(n).subject),
    );
  });
});
