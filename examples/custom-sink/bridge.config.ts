import tickets from "./sink.ts";
import history from "./sqlite.ts";

// In a project of your own, end with: satisfies ConfigInput, imported as a type from "dms-task-bridge".
export default {
  sources: [
    {
      engine: "rabbitmq",
      region: "cn-north-4",
      projectId: "${HUAWEICLOUD_SDK_PROJECT_ID}",
      instances: "all",
    },
  ],
  sinks: {
    tickets: {
      type: "custom",
      module: tickets,
      url: "${TICKETS_URL}",
      headers: { authorization: "Bearer ${TICKETS_TOKEN}" },
      filter: { type: [{ suffix: ".failed" }] },
    },
    history: {
      type: "custom",
      module: history,
      path: "tasks.db",
      filter: { data: { task: { status: [{ "anything-but": "DELETED" }] } } },
    },
  },
};
