import type { EventKind } from "./kind.ts";

/** Names of the kinds of events for people, in English and Chinese: the console's and the chats' one dictionary. */
export const statusWords: Readonly<Record<"en" | "zh", Readonly<Record<EventKind, string>>>> = {
  en: {
    created: "Created",
    executing: "Running",
    succeeded: "Succeeded",
    failed: "Failed",
    cancelled: "Cancelled",
    deleted: "Deleted",
    overdue: "Overdue",
    vanished: "Vanished",
    unknown: "Unknown status",
    unreadable: "Unreadable",
    recovered: "Readable again",
  },
  zh: {
    created: "已创建",
    executing: "执行中",
    succeeded: "成功",
    failed: "失败",
    cancelled: "已取消",
    deleted: "已删除",
    overdue: "超时未完成",
    vanished: "已从接口消失",
    unknown: "状态未知",
    unreadable: "无法读取",
    recovered: "已恢复读取",
  },
};
