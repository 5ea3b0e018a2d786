import type { EventKind } from "../../change/kind.ts";
import { kindOfStatus } from "../../change/kind.ts";
import type { DeliveryRow, SinkRow, TaskRow } from "../protocol.ts";

/** The look of a state: a colour and, for those who do not see it, a shape. */
export interface Look {
  /** Name of the colour in the style sheet. */
  readonly tone: "run" | "ok" | "fail" | "warn" | "off" | "odd";
  /** Path in a square of 16 by 16. */
  readonly path: string;
  readonly isFilled?: boolean;
}

const check = "M3.4 8.4l3.1 3.2 6.1-7";
const cross = "M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6";
const bang = "M8 3v6.2M8 12.4v.4";

const looks: Readonly<Record<EventKind, Look>> = {
  created: { tone: "run", path: "M8 3.6a4.4 4.4 0 1 0 0 8.8a4.4 4.4 0 1 0 0-8.8z" },
  executing: { tone: "run", path: "M5.2 3.4v9.2l7.4-4.6z", isFilled: true },
  succeeded: { tone: "ok", path: check },
  failed: { tone: "fail", path: cross },
  cancelled: { tone: "off", path: "M4.6 4.6h6.8v6.8h-6.8z", isFilled: true },
  deleted: { tone: "off", path: "M3.6 8h8.8" },
  overdue: { tone: "warn", path: bang },
  vanished: { tone: "odd", path: "M5.4 6a2.6 2.6 0 1 1 3.7 2.4c-.8.4-1.1.8-1.1 1.5M8 12.5v.3" },
  unknown: { tone: "odd", path: "M8 3l5 5-5 5-5-5z" },
  unreadable: { tone: "fail", path: cross },
  recovered: { tone: "ok", path: check },
};

export const lookOfKind = (kind: EventKind): Look => looks[kind];

/** How a task stands now: an open one past its limit is overdue. */
export const kindOfTask = ({ status, mark, endedAtMs }: TaskRow): EventKind =>
  mark === "vanished"
    ? "vanished"
    : mark === "overdue" && endedAtMs === null
      ? "overdue"
      : kindOfStatus(status);

export const kindOrder: readonly EventKind[] = [
  "created",
  "executing",
  "overdue",
  "succeeded",
  "failed",
  "cancelled",
  "deleted",
  "vanished",
  "unreadable",
  "recovered",
  "unknown",
];

export const lookOfDelivery: Readonly<Record<DeliveryRow["state"], Look>> = {
  pending: { tone: "run", path: looks.created.path },
  accepted: { tone: "ok", path: check },
  retrying: { tone: "warn", path: "M12.2 8a4.2 4.2 0 1 1-1.4-3.1M12.4 2.6v2.8h-2.8" },
  blocked: { tone: "fail", path: "M8 3.2a4.8 4.8 0 1 0 0 9.6a4.8 4.8 0 1 0 0-9.6zM4.7 11.3l6.6-6.6" },
  abandoned: { tone: "fail", path: cross },
};

export const lookOfSink: Readonly<Record<SinkRow["state"], Look>> = {
  healthy: { tone: "ok", path: check },
  retrying: { tone: "warn", path: lookOfDelivery.retrying.path },
  failing: { tone: "fail", path: bang },
  blocked: { tone: "fail", path: lookOfDelivery.blocked.path },
  removed: { tone: "off", path: looks.deleted.path },
};
