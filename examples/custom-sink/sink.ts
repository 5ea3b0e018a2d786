// In a project of your own: import { httpSink } from "dms-task-bridge";
import { httpSink } from "../../lib/sinks/http/http-sink.ts";

/** Opens a ticket for every event. */
export default httpSink({
  request: ({ id, data: { task, instance } }) => ({
    headers: { "idempotency-key": encodeURIComponent(id) },
    body: { title: `${task.name} on ${instance.instanceId}: ${task.status}`, details: task },
  }),
});
