import { describe, expect, it } from "vitest";
import { eventBytes } from "../../lib/change/event.ts";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { grown, largeRoomBytes, Room, smallRoomBytes } from "../../lib/checkpoint/room.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { taskId } from "../../lib/core/names.ts";
import { createdMs, sampleKnown } from "../change/sample.ts";
import { ops, sampleEvent } from "./sample.ts";

/** A record that knows so many tasks, and holds no events. */
function knowing(tasks: number): Checkpoint {
  const known = sampleKnown();
  const ids = Array.from({ length: tasks }, (_, index) => taskId(`t${index}`));
  return { ...begin("all", createdMs, 0), known: new Map(ids.map((id) => [id, known])) };
}

/** Bytes of events that fit a record of so many known tasks. */
function fitting(tasks: number, maxBytes: number): number {
  const room = new Room(knowing(tasks), { maxBacklog: 1_000_000, maxBytes, sinks: 1 });
  const event = sampleEvent();
  let count = 0;
  while (room.take(ops, event, false)) count += 1;
  return count * eventBytes(event);
}

describe("the room of a record", () => {
  it("grows with the known tasks, which each commit writes again", () => {
    expect(fitting(0, largeRoomBytes)).toBeLessThanOrEqual(smallRoomBytes);
    expect(fitting(80_000, largeRoomBytes)).toBeGreaterThan(9 * smallRoomBytes);
    expect(grown(256, knowing(0))).toBe(256);
    expect(grown(256, knowing(80_000))).toBe(2_500);
  });

  it("stays as small as its store says, whatever it knows", () => {
    expect(fitting(80_000, smallRoomBytes)).toBe(fitting(0, smallRoomBytes));
    expect(fitting(80_000, 5_000)).toBeLessThanOrEqual(5_000);
  });
});
