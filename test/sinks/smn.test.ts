import { describe, expect, it } from "vitest";
import { trial } from "../contract/service.ts";
import { smnService } from "./huawei/services.ts";
import { running, sampleEvent } from "./sample.ts";

async function message(...[number, task]: Parameters<typeof sampleEvent>) {
  const { sink, seen } = await trial(smnService);
  await sink.deliver([sampleEvent(number, task)], running());
  await sink.close();
  return JSON.parse(seen[0]?.body ?? "");
}

describe("a message to SMN", () => {
  it("is the event, under a subject that tells what happened", async () => {
    expect(await message()).toEqual({
      subject: "bindInstancePublicIp SUCCESS: i-0001",
      message: JSON.stringify(sampleEvent()),
    });
  });

  it("has a subject of one line and at most 512 bytes", async () => {
    const { subject } = await message(1, { name: `绑定\r\n😀${"😀".repeat(300)}` });
    expect(subject).toMatch(/^绑定 😀[^\p{Cc}]*$/u);
    expect(Buffer.byteLength(subject)).toBeLessThanOrEqual(512);
  });
});
